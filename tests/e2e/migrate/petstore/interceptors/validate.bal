import ballerina/http;

public function validateRequest (http:Caller outboundEp, http:Request req) {
    if (!req.hasHeader("X-Client")) {
        http:Response res = new;
        res.statusCode = 400;
        error? result = outboundEp->respond(res);
    }
}
