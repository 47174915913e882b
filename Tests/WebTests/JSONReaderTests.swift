import Foundation
import MartletCore
import NIOCore
import Testing

@testable import Web

private func tensor(_ text: String, _ dtype: DType = .float64, limit: Int = 1 << 20) throws -> HostArray {
  try JSONReader.read(ByteBuffer(string: text)) { try $0.readTensor(dtype, name: "x", byteLimit: limit) }
}

private func value(_ text: String) throws -> JSONValue { try JSONReader.read(ByteBuffer(string: text)) { try $0.readValue() } }

@Suite struct JSONReaderTests {
  @Test(arguments: [
    "0", "-0", "-0.0", "1", "12", "-7", "0.1", "1e5", "1E+2", "1e-2", "123456789012345678", "2.5e-3", "1.7976931348623157e308", "5e-324",
    "0.30000000000000004", "9007199254740993", "123456789012345678901234567890", "0.000000000000000000000000000001", "1e22", "1e23",
    "3.141592653589793238462643383279", "2.2250738585072011e-308", "1e-400", "8.5e-5", "0e999999999999",
  ])
  func `doubles are the nearest ones`(text: String) throws {
    let expected = try #require(Double(text))
    #expect(try tensor(text).values(as: Double.self).map(\.bitPattern) == [expected.bitPattern])
  }

  @Test func `random doubles and floats survive being written and read`() throws {
    var random = KeyedRandom(seed: 1, purpose: "json")
    var doubles: [Double] = [], floats: [Float] = []
    while doubles.count < 2000 {
      let value = Double(bitPattern: random.next())
      if value.isFinite { doubles.append(value) }
      let single = Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))
      if single.isFinite { floats.append(single) }
    }
    var writer = JSONWriter()
    writer.flat(try HostArray(doubles))
    #expect(try tensor(String(decoding: writer.bytes, as: UTF8.self)).values(as: Double.self) == doubles)
    writer = JSONWriter()
    writer.flat(try HostArray(floats))
    #expect(try tensor(String(decoding: writer.bytes, as: UTF8.self), .float32).values(as: Float.self) == floats)
  }

  @Test(arguments: [
    (DType.int8, "[-128, 127]", "[128]", "[-129]"), (.uint8, "[0, 255]", "[256]", "[-1]"),
    (.int16, "[-32768, 32767]", "[32768]", "[-32769]"),
    (.uint16, "[65535]", "[65536]", "[-1]"), (.int32, "[-2147483648, 2147483647]", "[2147483648]", "[-2147483649]"),
    (.uint32, "[4294967295]", "[4294967296]", "[-1]"),
    (.int64, "[-9223372036854775808,9223372036854775807]", "[9223372036854775808]", "[-9223372036854775809]"),
    (.uint64, "[0,18446744073709551615]", "[18446744073709551616]", "[-1]"),
  ])
  func `integers are exact to their limits and no further`(dtype: DType, good: String, above: String, below: String) throws {
    var writer = JSONWriter()
    writer.flat(try tensor(good, dtype))
    #expect(String(decoding: writer.bytes, as: UTF8.self) == good.replacing(" ", with: ""))
    for text in [above, below, "[1.5]", "[1e300]", "[184467440737095516150]"] {
      let error = #expect(throws: JSONProblem.self) { try tensor(text, dtype) }
      #expect(error?.problem.contains("does not fit \(dtype)") == true)
    }
    #expect(try tensor("[1.0, 1e1]", dtype).elementCount == 2)
  }

  @Test func `other types`() throws {
    #expect(try tensor("[true,false,1,0]", .bool).bytes == [1, 0, 1, 0])
    #expect(try tensor("[1.5,-2]", .float16).values(as: Float16.self) == [1.5, -2])
    #expect(try tensor("[1, 3.140625]", .bfloat16).bytes == [0x80, 0x3F, 0x49, 0x40])
    for (text, dtype) in [
      ("[2]", DType.bool), ("[\"a\"]", .bool), ("[70000]", .float16), ("[1e39]", .float32), ("[1e39]", .bfloat16), ("1", .complex64),
    ] {
      #expect(throws: JSONProblem.self) { try tensor(text, dtype) }
    }
  }

  @Test func `nesting becomes shape`() throws {
    #expect(try tensor("5").shape == [])
    #expect(try tensor(" [ 1 , 2 , 3 ] ").shape == [3])
    #expect(try tensor("[[1,2,3],[4,5,6]]").shape == [2, 3])
    #expect(try tensor("[[[1],[2]]]").shape == [1, 2, 1])
    #expect(try tensor("[]").shape == [0])
    #expect(try tensor("[[],[]]").shape == [2, 0])
    #expect(try tensor("[[1,2],[3,4]]").values(as: Double.self) == [1, 2, 3, 4])
  }

  @Test(arguments: [
    ("[[1,2],[3]]", "'x'[1] has 1 elements"), ("[[1,2],3]", "'x'[1] is no array"), ("[1,[2]]", "'x'[1] is no number"),
    ("[[[1]],[2]]", "'x'[1] is no array"), ("[[1],[[2]]]", "'x'[1]"), ("[[],[1]]", "'x'[1] has 1 elements"),
    ("[1,\"2\"]", "'x'[1] is text"), ("[[1,null]]", "'x'[0][1] is null"), ("[1,{}]", "'x'[1] is no number"),
    ("[1,true]", "unexpected true or false"), ("[NaN]", "JSON has no NaN"), ("[-Infinity]", "JSON has no NaN"),
    ("[1e999]", "1e999 does not fit"),
    ("[01]", "leading zero"), ("[1.]", "digit after the decimal point"), ("[.5]", "unexpected '.'"), ("[+1]", "unexpected '+'"),
    ("[1e]", "digit in the exponent"), ("[-]", "a number"), ("[1 2]", "',' or ']'"), ("[1,]", "unexpected ']'"), ("[1", "ends too early"),
    ("", "the body is empty"), ("[1]]", "something follows"), ("[0x1]", "',' or ']'"), ("[1,\n2,\n x]", "line 3, column 2, byte 8"),
  ])
  func `what is wrong is named with its place`(text: String, part: String) {
    let error = #expect(throws: JSONProblem.self) { try tensor(text) }
    #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
  }

  @Test func `nesting and size are limited`() throws {
    let deep = { (count: Int) in String(repeating: "[", count: count) + "1" + String(repeating: "]", count: count) }
    #expect(try tensor(deep(64)).shape.count == 64)
    #expect(throws: JSONProblem.self) { try tensor(deep(65)) }
    #expect(throws: JSONProblem.self) { try tensor(String(repeating: "[", count: 1_000_000)) }
    #expect(throws: JSONProblem.self) { try value(String(repeating: "{\"a\":", count: 100_000)) }
    #expect(throws: TensorTooLarge.self) { try tensor("[1,2,3,4,5]", limit: 32) }
    #expect(try tensor("[1,2,3,4]", limit: 32).elementCount == 4)
  }

  @Test func `text has all its escapes`() throws {
    #expect(try value(#""a\"\\\/\b\f\n\r\té\u00E9\uD83D\uDE00""#) == .string("a\"\\/\u{8}\u{C}\n\r\té\u{E9}😀"))
    #expect(try value("\"a\\u0000b\"") == .string("a\0b"))
    for bad in [
      #""\uD83D""#, #""\uDE00""#, #""\uD83Dx""#, #""\uD83D\u0041""#, #""\x""#, #""\u12G4""#, #""\u12"#, #""abc"#, "\"\n\"", "\"\\", "'a'",
    ] {
      #expect(throws: JSONProblem.self, "\(bad)") { try value(bad) }
    }
    let invalid = ByteBuffer(bytes: [0x22, 0xC3, 0x28, 0x22])
    #expect(throws: JSONProblem.self) { try JSONReader.read(invalid) { try $0.readValue() } }
  }

  @Test func `documents`() throws {
    #expect(
      try value(#" {"a": [1, 2.5, true, false, null, "x"], "b": {}, "c": []} "#) == [
        "a": [1, 2.5, true, false, nil, "x"], "b": [:], "c": [],
      ])
    #expect(try value("\u{FEFF}[1]") == [1])
    for bad in [
      "{", "}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "{a:1}", "{\"a\":1 \"b\":2}", "[,]", "tru", "nul", "TRUE", "1 1",
      "{\"a\":1,\"a\":2}",
      "\u{1}", "[1}", "{\"a\":1]", "//c\n1", "undefined",
    ] {
      #expect(throws: JSONProblem.self, "\(bad)") { try value(bad) }
      #expect(throws: JSONProblem.self, "\(bad)") { try JSONReader.read(ByteBuffer(string: bad)) { try $0.skipValue() } }
    }
  }

  @Test func `writing`() throws {
    var writer = JSONWriter()
    writer.value(["t": "a\"b\\\n\u{1}é", "n": .double(.nan), "i": 3, "d": 0.5, "l": [true, nil]])
    #expect(String(decoding: writer.bytes, as: UTF8.self) == #"{"d":0.5,"i":3,"l":[true,null],"n":null,"t":"a\"b\\\n\u0001é"}"#)
    writer = JSONWriter()
    writer.nested(try HostArray([1, 2, 3, 4] as [Int32], shape: [2, 1, 2]))
    writer.item(1, of: try HostArray([1, 2, 3, 4] as [UInt8], shape: [2, 2]))
    writer.nested(try HostArray([Float.infinity], shape: []))
    writer.nested(try HostArray([Int](), shape: [2, 0]))
    #expect(String(decoding: writer.bytes, as: UTF8.self) == "[[[1,2]],[[3,4]]][3,4]null[[],[]]")
  }
}
