-- Puts a unit back that take.lua took. KEYS[1]: the window. ARGV: gateway.
local held = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0')
if held > 0 then
  redis.call('HINCRBY', KEYS[1], ARGV[1], -1)
  redis.call('HINCRBY', KEYS[1], 'total', -1)
end
return held
