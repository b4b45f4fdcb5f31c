-- Puts units back that take.lua took. KEYS[1]: the window. ARGV: gateway, units.
local held = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0')
local units = math.min(held, tonumber(ARGV[2]))
if units > 0 then
  redis.call('HINCRBY', KEYS[1], ARGV[1], string.format('%.0f', -units))
  redis.call('HINCRBY', KEYS[1], 'total', string.format('%.0f', -units))
end
return units
