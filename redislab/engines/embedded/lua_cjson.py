"""The library `cjson` of scripts, in Lua: a part of `lua_source`, whose locals it uses."""

CJSON = rb"""
-- cjson ----------------------------------------------------------------------------------------------

local null = newproxy(false)
-- what scripts may set; it stays set for those after them, as in Redis
local options = {encode_depth = 1000, decode_depth = 1000, precision = 14, invalid = false,
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
    if not options.invalid and (value ~= value or value == huge or value == -huge) then
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

local function expected(what, text, place)
  local c, token = sub(text, place, place), "invalid token"
  if c == "" then token = "T_END"
  elseif c == "}" then token = "T_OBJ_END" elseif c == "]" then token = "T_ARR_END"
  elseif c == "{" then token = "T_OBJ_BEGIN" elseif c == "[" then token = "T_ARR_BEGIN"
  elseif c == "," then token = "T_COMMA" elseif c == ":" then token = "T_COLON"
  elseif c == '"' then token = "T_STRING" elseif find(c, "[%d-]") then token = "T_NUMBER" end
  error("Expected " .. what .. " but found " .. token .. " at character " .. place, 0)
end

local named = {b = "\b", f = "\f", n = "\n", r = "\r", t = "\t", ['"'] = '"', ["\\"] = "\\", ["/"] = "/"}
local function decode_string(text, place)
  local parts, from = {}, place + 1
  while true do
    local at = find(text, '[%c"\\]', from)
    local c = at and sub(text, at, at)
    if c ~= '"' and c ~= "\\" then expected("value", text, place) end
    parts[#parts + 1] = sub(text, from, at - 1)
    if c == '"' then return concat(parts), at + 1 end
    local code = sub(text, at + 1, at + 1)
    if code == "u" then
      local hex = tonumber(sub(text, at + 2, at + 5), 16)
      if not hex then expected("value", text, place) end
      from = at + 6
      if hex >= 0xD800 and hex < 0xDC00 and sub(text, from, from + 1) == "\\u" then
        local low = tonumber(sub(text, from + 2, from + 5), 16)
        if low then hex, from = 0x10000 + (hex - 0xD800) * 1024 + low - 0xDC00, from + 6 end
      end
      parts[#parts + 1] = utf8(hex)
    else
      if not named[code] then expected("value", text, place) end
      parts[#parts + 1] = named[code]
      from = at + 2
    end
  end
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
  local c = sub(text, place, place)
  if c == '"' then return decode_string(text, place) end
  if c == "[" then
    return decode_list(text, place, depth, "]", function(result, at)
      local value, after = decode(text, at, depth + 1)
      result[#result + 1] = value
      return after
    end)
  end
  if c == "{" then
    return decode_list(text, place, depth, "}", function(result, at)
      if sub(text, at, at) ~= '"' then expected("object key string", text, at) end
      local key, after = decode_string(text, at)
      after = after_blank(text, after)
      if sub(text, after, after) ~= ":" then expected("colon", text, after) end
      local value, done = decode(text, after_blank(text, after + 1), depth + 1)
      result[key] = value
      return done
    end)
  end
  for word, value in pairs({["true"] = true, ["null"] = null}) do
    if sub(text, place, place + 3) == word then return value, place + 4 end
  end
  if sub(text, place, place + 4) == "false" then return false, place + 5 end
  local _, last = find(text, "^-?%d+%.?%d*[eE]?[+-]?%d*", place)
  local number = last and tonumber(sub(text, place, last))
  if not number then expected("value", text, place) end
  return number, last + 1
end

local cjson = {null = null, _NAME = "cjson"}
local function number_option(name, option, low, high)
  cjson[name] = function(value)
    if value ~= nil then
      local number = tonumber(value)
      if not number or number < low or number > high then
        error(format("bad argument #1 to '%s' (expected integer between %d and %d)", name, low, high), 2)
      end
      options[option] = floor(number)
    end
    return options[option]
  end
end
number_option("encode_max_depth", "encode_depth", 1, 2147483647)
number_option("decode_max_depth", "decode_depth", 1, 2147483647)
number_option("encode_number_precision", "precision", 1, 14)
local function boolean_option(name, option)
  cjson[name] = function(value)
    if value == "on" or value == "off" then value = value == "on" end
    if value ~= nil then options[option] = value and true or false end
    return options[option]
  end
end
boolean_option("encode_keep_buffer", "keep")
boolean_option("encode_invalid_numbers", "invalid")
function cjson.encode_sparse_array(convert, ratio, safe)
  if convert ~= nil then options.convert = convert and true or false end
  options.ratio = tonumber(ratio) or options.ratio
  options.safe = tonumber(safe) or options.safe
  return options.convert, options.ratio, options.safe
end
function cjson.encode(...)
  if select("#", ...) ~= 1 then error("bad argument #1 to 'encode' (expected 1 argument)", 2) end
  local ok, text = pcall(encode, (...), 0)
  if not ok then error(text, text == STOPPED and 0 or 2) end
  return text
end
function cjson.decode(...)
  local text = ...
  if select("#", ...) ~= 1 or (type(text) ~= "string" and type(text) ~= "number") then
    error("bad argument #1 to 'decode' (expected 1 argument)", 2)
  end
  text = tostring(text)
  local ok, value, place = pcall(decode, text, after_blank(text, 1), 1)
  if ok and after_blank(text, place) <= #text then
    ok, value = pcall(expected, "the end", text, after_blank(text, place))
  end
  if not ok then error(value, value == STOPPED and 0 or 2) end
  return value
end
"""
