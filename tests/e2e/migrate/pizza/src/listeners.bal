import ballerina/http;

endpoint http:Listener apiListener {
    host: "0.0.0.0",
    port: 9090
};
