"""The library `cjson` of scripts, in Lua: a part of `lua_source`, whose locals it uses."""

CJSON = rb"""
-- cjson ----------------------------------------------------------------------------------------------

local null = newproxy(false)
-- what scripts may set; it stays set for those after them, as in Redis
local options = {encode_depth = 1000, decode_depth = 1000, precision = 14, invalid = false, lenient = true,
  keep = true, convert = false, ratio = 2, safe = 10}
local escapes = {['"'] = '\\"', ["\\"] = "\\\\", ["/"] = "\\/", ["\b"] = "\\b", ["\f"] = "\\f",
  ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ["\127"] = "\\u007f"}
local function quoted(text)
  return '"' .. gsub(text, '[%c"\\/\127]', function(c)
    return escapes[c] or format("\\u%04x", byte(c))
  end) .. '"'
end

local function array_length(value)
  local length, items = 0, 0
  for key in next, value do
    if type(key) ~= "number" or key < 1 or key ~= floor(key) then return nil end
    if key > length then length = key end
    items = items + 1
  end
  if options.ratio > 0 and length > items * options.ratio and length > options.safe then
    if options.convert then return nil end
    error("Cannot serialise table: excessively sparse array", 0)
  end
  return length
end

local encode
local function encode_table(value, depth)
  if depth > options.encode_depth then error("Cannot serialise, excessive nesting (" .. depth .. ")", 0) end
  local length, parts = array_length(value), {}
  if length and length > 0 then
    for place = 1, length do parts[place] = encode(rawget(value, place), depth) end
    return "[" .. concat(parts, ",") .. "]"
  end
  for key, item in next, value do
    local name = key
    if type(key) == "number" then name = format("%.14g", key)
    elseif type(key) ~= "string" then
      error("Cannot serialise table: table key must be a number or string", 0)
    end
    parts[#parts + 1] = quoted(name) .. ":" .. encode(item, depth)
  end
  return "{" .. concat(parts, ",") .. "}"
end

encode = function(value, depth)
  local kind = type(value)
  if kind == "string" then return quoted(value) end
  if kind == "number" then
    local odd = value ~= value or value == huge or value == -huge
    if odd and options.invalid == "null" then return "null" end
    if odd and not options.invalid then
      error("Cannot serialise number: must not be NaN or Inf", 0)
    end
    return format("%." .. options.precision .. "g", value)
  end
  if kind == "boolean" then return tostring(value) end
  if kind == "nil" or value == null then return "null" end
  if kind == "table" then return encode_table(value, depth + 1) end
  error("Cannot serialise " .. kind .. ": type not supported", 0)
end

local function utf8(code)
  if code < 0x80 then return char(code) end
  if code < 0x800 then return char(0xC0 + floor(code / 64), 0x80 + code % 64) end
  if code < 0x10000 then
    return char(0xE0 + floor(code / 4096), 0x80 + floor(code / 64) % 64, 0x80 + code % 64)
  end
  return char(0xF0 + floor(code / 262144), 0x80 + floor(code / 4096) % 64,
    0x80 + floor(code / 64) % 64, 0x80 + code % 64)
end

-- what C's strtod reads from there: the number, and the place after it
local function number_at(text, place)
  local function ends(pattern) return select(2, find(text, pattern, place)) end
  local last = ends("^[+-]?0[xX]%x+%.?%x*") or ends("^[+-]?0[xX]%.%x+")
  if last then
    last = select(2, find(text, "^[pP][+-]?%d+", last + 1)) or last
    return tonumber(sub(text, place, last)), last + 1
  end
  last = ends("^[+-]?%d+%.?%d*") or ends("^[+-]?%.%d+")
  if last then
    last = select(2, find(text, "^[eE][+-]?%d+", last + 1)) or last
    return tonumber(sub(text, place, last)), last + 1
  end
  local negative = sub(text, place, place) == "-"
  last = ends("^[+-]?[iI][nN][fF][iI][nN][iI][tT][yY]") or ends("^[+-]?[iI][nN][fF]")
  if last then return negative and -huge or huge, last + 1 end
  last = ends("^[+-]?[nN][aA][nN]%([%w_]*%)") or ends("^[+-]?[nN][aA][nN]")
  if last then return negative and 0 / 0 or -(0 / 0), last + 1 end
end

local named = {b = "\b", f = "\f", n = "\n", r = "\r", t = "\t", ['"'] = '"', ["\\"] = "\\", ["/"] = "/"}
local function hex4(text, place)
  return find(text, "^%x%x%x%x", place) and tonumber(sub(text, place, place + 3), 16)
end

-- the character of the escape \u that stands there, and the place after it; nil where it is none
local function unicode(text, place)
  local code = hex4(text, place + 2)
  if not code or code < 0xD800 or code >= 0xE000 then return code and utf8(code), place + 6 end
  local low = sub(text, place + 6, place + 7) == "\\u" and hex4(text, place + 8)
  if code >= 0xDC00 or not low or low < 0xDC00 or low >= 0xE000 then return nil end
  return utf8(0x10000 + (code - 0xD800) * 1024 + low - 0xDC00), place + 12
end

-- the string and the place after it; or nil, what is wrong and where
local function decode_string(text, place)
  local parts, from = {}, place + 1
  while true do
    local at = find(text, '[%z"\\]', from) or #text + 1
    local c, code = sub(text, at, at), sub(text, at + 1, at + 1)
    parts[#parts + 1] = sub(text, from, at - 1)
    if c == '"' then return concat(parts), at + 1 end
    if c ~= "\\" then return nil, "unexpected end of string", at end
    local decoded
    if code == "u" then
      decoded, from = unicode(text, at)
      if not decoded then return nil, "invalid unicode escape code", at end
    else
      decoded, from = named[code], at + 2
      if not decoded then return nil, "invalid escape code", at end
    end
    parts[#parts + 1] = decoded
  end
end

-- whether a number begins there that only C knows
local function odd_number(text, place)
  return find(text, "^%+", place) or find(text, "^-?0[xX%d]", place)
    or find(text, "^-?[iI][nN][fF]", place) or find(text, "^-?[nN][aA][nN]", place)
end

local SIGNS = {[""] = "T_END", ["\0"] = "T_END", ["}"] = "T_OBJ_END", ["]"] = "T_ARR_END",
  ["{"] = "T_OBJ_BEGIN", ["["] = "T_ARR_BEGIN", [","] = "T_COMMA", [":"] = "T_COLON"}
-- what stands there, its value and the place after it; or nil, what is wrong and where
local function token_at(text, place)
  local c = sub(text, place, place)
  if SIGNS[c] then return SIGNS[c] end
  if c == '"' then
    local value, after, at = decode_string(text, place)
    if value then return "T_STRING", value, after end
    return nil, after, at
  end
  local word = sub(text, place, place + 3)
  if word == "true" then return "T_BOOLEAN", true, place + 4 end
  if word == "null" then return "T_NULL", null, place + 4 end
  if sub(text, place, place + 4) == "false" then return "T_BOOLEAN", false, place + 5 end
  local is_number = find(c, "[%d-]")
  if (is_number and (options.lenient or not odd_number(text, place)))
    or (not is_number and options.lenient and odd_number(text, place)) then
    local number, after = number_at(text, place)
    if number then return "T_NUMBER", number, after end
    is_number = true
  end
  return nil, is_number and "invalid number" or "invalid token", place
end

local function expected(what, text, place)
  local token, problem, at = token_at(text, place)
  error("Expected " .. what .. " but found " .. (token or problem) .. " at character "
    .. (token and place or at), 0)
end

local decode
local function after_blank(text, place) return find(text, "[^ \t\r\n]", place) or #text + 1 end

local function decode_list(text, place, depth, closing, one)
  local result = {}
  place = after_blank(text, place + 1)
  if sub(text, place, place) == closing then return result, place + 1 end
  while true do
    place = after_blank(text, one(result, place))
    local c = sub(text, place, place)
    if c == closing then return result, place + 1 end
    if c ~= "," then
      expected("comma or " .. (closing == "]" and "array end" or "object end"), text, place)
    end
    place = after_blank(text, place + 1)
  end
end

decode = function(text, place, depth)
  if depth > options.decode_depth then
    error("Found too many nested data structures (" .. depth .. ") at character " .. place, 0)
  end
  local token, value, after = token_at(text, place)
  if after then
    if not token then expected("value", text, place) end
    return value, after
  end
  if token == "T_ARR_BEGIN" then
    return decode_list(text, place, depth, "]", function(result, at)
      local item, done = decode(text, at, depth + 1)
      result[#result + 1] = item
      return done
    end)
  end
  if token ~= "T_OBJ_BEGIN" then expected("value", text, place) end
  return decode_list(text, place, depth, "}", function(result, at)
    local kind, key, next_at = token_at(text, at)
    if kind ~= "T_STRING" then expected("object key string", text, at) end
    next_at = after_blank(text, next_at)
    if sub(text, next_at, next_at) ~= ":" then expected("colon", text, next_at) end
    local item, done = decode(text, after_blank(text, next_at + 1), depth + 1)
    result[key] = item
    return done
  end)
end

local cjson = {null = null, _NAME = "cjson", _VERSION = "2.1.0"}

-- an option's new value, or the old one where none is given
local function bad_option(name, place, why)
  error(format("bad argument #%d to '%s' (%s)", place, name, why), 0)
end
local function number_option(name, place, value, old, low, high)
  if value == nil then return old end
  local number = tonumber(value)
  if not number then bad_option(name, place, "number expected, got " .. type(value)) end
  number = number < 0 and -floor(-number) or floor(number)
  if not (number >= low and number <= high) then
    bad_option(name, 1, format("expected integer between %d and %d", low, high))
  end
  return number
end
local CHOICES = {off = false, on = true}
local function choice(name, value, old, also)
  if value == nil then return old end
  if type(value) == "boolean" then return value end
  if type(value) ~= "string" and type(value) ~= "number" then
    bad_option(name, 1, "string expected, got " .. type(value))
  end
  if value == also then return value end
  if CHOICES[value] == nil then bad_option(name, 1, "invalid option '" .. value .. "'") end
  return CHOICES[value]
end
local function setter(name, most, set)
  cjson[name] = function(...)
    if select("#", ...) > most then
      error(format("bad argument #%d to '%s' (found too many arguments)", most + 1, name), 2)
    end
    local first, second, third = told(name, pcall(set, ...))
    if most == 1 then return first end
    return first, second, third
  end
end
for name, of in pairs({encode_max_depth = {"encode_depth", 2147483647},
    decode_max_depth = {"decode_depth", 2147483647}, encode_number_precision = {"precision", 14}}) do
  setter(name, 1, function(value)
    options[of[1]] = number_option(name, 1, value, options[of[1]], 1, of[2])
    return options[of[1]]
  end)
end
for name, of in pairs({encode_keep_buffer = {"keep"}, encode_invalid_numbers = {"invalid", "null"},
    decode_invalid_numbers = {"lenient"}}) do
  setter(name, 1, function(value)
    options[of[1]] = choice(name, value, options[of[1]], of[2])
    return options[of[1]]
  end)
end
setter("encode_sparse_array", 3, function(convert, ratio, safe)
  local name = "encode_sparse_array"
  options.convert = choice(name, convert, options.convert)
  options.ratio = number_option(name, 2, ratio, options.ratio, 0, 2147483647)
  options.safe = number_option(name, 3, safe, options.safe, 0, 2147483647)
  return options.convert, options.ratio, options.safe
end)
function cjson.encode(...)
  if select("#", ...) ~= 1 then error("bad argument #1 to 'encode' (expected 1 argument)", 2) end
  local ok, text = pcall(encode, (...), 0)
  if not ok then error(text, text == STOPPED and 0 or 2) end
  return text
end
function cjson.decode(...)
  local text = ...
  local problem = select("#", ...) ~= 1 and "expected 1 argument"
    or type(text) ~= "string" and type(text) ~= "number" and "string expected, got " .. type(text)
  if problem then error("bad argument #1 to 'decode' (" .. problem .. ")", 2) end
  text = tostring(text)
  if find(text, "^%z.") or find(text, "^.%z") then
    error("JSON parser does not support UTF-16 or UTF-32", 2)
  end
  local ok, value, place = pcall(decode, text, after_blank(text, 1), 1)
  if ok and not find(text, "^%z", after_blank(text, place)) and after_blank(text, place) <= #text then
    ok, value = pcall(expected, "the end", text, after_blank(text, place))
  end
  if not ok then error(value, value == STOPPED and 0 or 2) end
  return value
end
"""
