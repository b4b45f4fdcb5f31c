import ballerina/http;
import wso2/gateway;

public type ExtensionFilter object {
    public function filterRequest(http:Listener listener, http:Request request, http:FilterContext context) returns boolean {
        return true;
    }
};
