import ballerina/http;
import wso2/gateway;

@http:ServiceConfig {
    basePath: "/pizzashack/1.0.0",
    authConfig: {
        authProviders:["jwt","oauth2"]
    },
    cors: {
        allowOrigins: ["*"],
        allowCredentials: false,
        allowHeaders: ["authorization"],
        allowMethods: ["GET","POST"]
    }
}
@gateway:API {
    publisher:"admin",
    name:"PizzaShackAPI",
    apiVersion: "1.0.0",
    apiTier : ""
}
service<http:Service> PizzaShackAPI__1_0_0 bind apiListener, apiSecureListener {

    @http:ResourceConfig {
        methods:["POST"],
        path:"/order",
        authConfig:{
            authentication:{
                enabled:true
            },
            scopes: ["order"]
        }
    }
    @gateway:RateLimit{policy : "10PerMin"}
    post1 (endpoint outboundEp, http:Request req) {
        string urlPostfix = untaint req.rawPath.replace("/pizzashack/1.0.0", "");
        if (runtime:getInvocationContext().attributes["KEY_TYPE"] == "PRODUCTION") { x = PizzaShackAPI__1_0_0_prod->forward(urlPostfix, req); }
    }

    @http:ResourceConfig {
        methods:["GET", "HEAD"],
        path:"/menu",
        authConfig:{ authentication:{ enabled:false } }
    }
    @gateway:RateLimit{policy : ""}
    get2 (endpoint outboundEp, http:Request req) { }
}
