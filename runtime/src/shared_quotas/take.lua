-- Takes one unit for a request that waits for it.
-- KEYS[1]: the window. ARGV: gateway, limit, units that the gateway knows to have taken, milliseconds to keep it.
-- The arithmetic is that of mgw_quota::Pool::take.
local total = tonumber(redis.call('HGET', KEYS[1], 'total') or '0')
local held = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0')
local forgotten = math.max(0, tonumber(ARGV[3]) - held)
local taken = 0
if total + forgotten < tonumber(ARGV[2]) then taken = 1 end
held, total = held + forgotten + taken, total + forgotten + taken
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', held), 'total', string.format('%.0f', total))
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return { taken, total }
