-- Takes a gateway's report of what it holds of a window, and grants what it asks for as far as there is some left.
-- KEYS[1]: the window. ARGV: gateway, limit, held, more, milliseconds to keep it.
-- The arithmetic is that of mgw_quota::Pool::settle.
local before = tonumber(redis.call('HGET', KEYS[1], 'total') or '0')
local known = redis.call('HGET', KEYS[1], ARGV[1])
local limit, held, more = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local sharers = redis.call('HLEN', KEYS[1])
if sharers > 0 then sharers = sharers - 1 end
if not known then sharers = sharers + 1 end
local total = before - tonumber(known or '0') + held
local left = math.max(0, limit - total)
local granted = math.min(more, left, math.max(1, math.floor(left / (2 * sharers))))
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', held + granted), 'total', string.format('%.0f', total + granted))
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return { granted, total + granted, before }
