-- Says that a gateway is there. KEYS: the gateways, the store's own name. ARGV: gateway, milliseconds after which a gateway
-- that says nothing is gone, a name for a store that has none.
-- Returns how many gateways there are, the store's clock in milliseconds, and the store's name.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
redis.call('SET', KEYS[2], ARGV[3], 'NX')
return { redis.call('ZCARD', KEYS[1]), now, redis.call('GET', KEYS[2]) }
