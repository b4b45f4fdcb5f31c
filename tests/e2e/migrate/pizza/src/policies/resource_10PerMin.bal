import ballerina/io;
stream<gateway:GlobalThrottleStreamDTO> s10PerMinresultStream;
function initResource10PerMinPolicy() {
    forever {
        from s10PerMinreqCopy
        select s10PerMinreqCopy.messageID, (s10PerMinreqCopy.resourceTier == "10PerMin") as isEligible, s10PerMinreqCopy.appKey as throttleKey
        => (gateway:EligibilityStreamDTO[] counts) { }

        from s10PerMineligibilityStream
        throttler:timeBatch(60000, 0)
        where isEligible == true
        select throttleKey, count(messageID) >= 10 as isThrottled, true as stopOnQuota, expiryTimeStamp
    }
}
