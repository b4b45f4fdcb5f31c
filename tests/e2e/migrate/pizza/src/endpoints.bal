import ballerina/http;
endpoint http:Client PizzaShackAPI__1_0_0_prod {
    url: gateway:retrieveConfig("api_x_prod_endpoint_0","https://pizza.example/v1"),
    auth: { scheme: http:BASIC_AUTH, username: gateway:retrieveConfig("api_x_prod_basic_username","svc"), password: gateway:retrieveConfig("api_x_prod_basic_password","canary-7f3a") },
    httpVersion: gateway:getHttpVersion()
};
endpoint http:LoadBalanceClient PizzaShackAPI__1_0_0_sand {
    targets: [ { url: "https://a.example" }, { url: "https://b.example" } ]
};
