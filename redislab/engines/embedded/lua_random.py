"""The numbers of `math.random` of scripts, in Lua: a part of `lua_source`, whose locals it uses.

POSIX's `lrand48` with its own start, so that a script draws the same numbers on every machine, as in Redis.
"""

RANDOM = rb"""
-- math.random ------------------------------------------------------------------------------------------

local MULTIPLIER_HIGH, MULTIPLIER_LOW, INCREMENT, SEED_LOW = 0x5DE, 0xECE66D, 0xB, 0x330E
local HALF, MAX = 2 ^ 24, 2 ^ 31 - 1
local high, low = 0x1234AB, 0xCD330E  -- 48 bits as two halves: products stay exact in a double

-- a whole number as C takes it: truncated, 32 bits with a sign
local function int32(value)
  value = tonumber(value)
  if not (math.abs(value) < 2 ^ 63) then return 0 end
  value = (value < 0 and -floor(-value) or floor(value)) % 2 ^ 32
  return value < 2 ^ 31 and value or value - 2 ^ 32
end

-- raises what the interpreter's own function finds wrong with these arguments, in the caller's words
local function check(name, work, ...)
  local ok, problem = pcall(work, ...)
  if not ok then error(gsub(problem, "'%?'", "'" .. (name or "?") .. "'", 1), 3) end
end

local plain_random, plain_abs = math.random, math.abs
maths.random = function(...)
  local sum = low * MULTIPLIER_LOW + INCREMENT
  high = (high * MULTIPLIER_LOW + low * MULTIPLIER_HIGH + floor(sum / HALF)) % HALF
  low = sum % HALF
  check(getinfo(1, "n").name, plain_random, ...)  -- a wrong call has drawn too
  local first, last = ...
  local part = (high * 2 ^ 7 + floor(low / 2 ^ 17)) % MAX / MAX
  if first == nil then return part end
  if last == nil then first, last = 1, first end
  first, last = int32(first), int32(last)
  return floor(part * int32(last - first + 1)) + first
end
maths.randomseed = function(...)
  check(getinfo(1, "n").name, plain_abs, ...)
  local seed = int32((...)) % 2 ^ 32
  high, low = floor(seed / 2 ^ 8), seed % 2 ^ 8 * 2 ^ 16 + SEED_LOW
end
"""
