import HTTPTypes
import NIOCore
import Testing

@testable import Web

@Suite struct EncodingTests {
  private static func packed(_ bytes: [UInt8], _ coding: ContentCoding) throws -> ByteBuffer {
    ByteBuffer(bytes: try #require(Deflater.deflate(bytes, coding)))
  }

  @Test(arguments: ContentCoding.allCases) func `what is packed unpacks to the same`(coding: ContentCoding) throws {
    for size in [16, 1000, 65_536, 300_000] {
      let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 / 7) }
      guard let packed = Deflater.deflate(bytes, coding) else {
        #expect(size == 16)
        continue
      }
      #expect(packed.count <= bytes.count)
      let plain = try Inflater.inflate(ByteBuffer(bytes: packed), coding, limit: size)
      #expect(Array(plain.readableBytesView) == bytes)
    }
  }

  @Test func `members of gzip follow each other, bare deflate is read too`() throws {
    let first = [UInt8](repeating: 65, count: 2000), second = [UInt8](repeating: 66, count: 3000)
    var both = try Self.packed(first, .gzip)
    both.writeImmutableBuffer(try Self.packed(second, .gzip))
    #expect(Array(try Inflater.inflate(both, .gzip, limit: 5000).readableBytesView) == first + second)
    // Without the two bytes of the header and the four of the sum it is bare deflate.
    let zlib = Array(try Self.packed(first, .deflate).readableBytesView)
    #expect(Array(try Inflater.inflate(ByteBuffer(bytes: zlib[2..<zlib.count - 4]), .deflate, limit: 2000).readableBytesView) == first)
  }

  @Test func `bodies that unpack to too much are refused`() throws {
    let zeros = try Self.packed([UInt8](repeating: 0, count: 4 << 20), .gzip)
    #expect(zeros.readableBytes < 32_000)
    let ratio = #expect(throws: HTTPProblem.self) { try Inflater.inflate(zeros, .gzip, limit: 64 << 20) }
    #expect(ratio?.status == .contentTooLarge && ratio?.problem.contains("200 times") == true)
    let absolute = #expect(throws: HTTPProblem.self) { try Inflater.inflate(zeros, .gzip, limit: 1000) }
    #expect(absolute?.status == .contentTooLarge && absolute?.problem.contains("1000 bytes") == true)
    // Below a megabyte any ratio is taken.
    let small = try Self.packed([UInt8](repeating: 0, count: 1 << 20), .deflate)
    #expect(try Inflater.inflate(small, .deflate, limit: 1 << 20).readableBytes == 1 << 20)
  }

  @Test(arguments: ContentCoding.allCases) func `damaged bodies are the client's fault`(coding: ContentCoding) throws {
    let bytes = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 31 / 17) }
    let good = Array(try Self.packed(bytes, coding).readableBytesView)
    let all: [[UInt8]] = [Array(good.dropLast(9)), Array(good.dropLast(3)) + [0, 0, 0], [1, 2, 3, 4], Array("plain text".utf8)]
    for broken in all {
      let error = #expect(throws: HTTPProblem.self) { try Inflater.inflate(ByteBuffer(bytes: broken), coding, limit: 10_000) }
      #expect(error?.status == .badRequest)
    }
    if coding == .deflate {
      #expect(throws: HTTPProblem.self) { try Inflater.inflate(ByteBuffer(bytes: good + [7]), coding, limit: 10_000) }
    }
  }

  @Test func `any bytes unpack or are refused`() throws {
    var state: UInt64 = 1
    func random() -> UInt8 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: state >> 33)
    }
    let good = Array(try Self.packed((0..<4000).map { UInt8(truncatingIfNeeded: $0 / 3) }, .gzip).readableBytesView)
    for index in 0..<3000 {
      var bytes = index % 2 == 0 ? good : (0..<Int(random())).map { _ in random() }
      for _ in 0..<Int(random() % 4) where !bytes.isEmpty { bytes[Int(random()) * 256 % bytes.count] = random() }
      let plain = try? Inflater.inflate(ByteBuffer(bytes: bytes), index % 3 == 0 ? .deflate : .gzip, limit: 10_000)
      #expect(plain?.readableBytes ?? 0 <= 10_000)
    }
  }

  @Test func `which coding a client accepts`() throws {
    for (field, coding) in [
      (nil, nil), ("", nil), ("identity", nil), ("br", nil), ("gzip", .gzip), ("deflate", .deflate), ("gzip, deflate", .gzip),
      ("gzip;q=0.5, deflate;q=0.8", .deflate), ("gzip;q=0", nil), ("*", .gzip), ("*, gzip;q=0", .deflate), ("GZIP ; Q=1.0", .gzip),
      ("x-gzip", .gzip), ("*;q=0", nil), ("gzip;q=x", nil),
    ] as [(String?, ContentCoding?)] {
      #expect(ContentCoding.accepted(by: field) == coding, "\(field ?? "nil")")
    }
    #expect(try ContentCoding.ofBody(nil) == nil && ContentCoding.ofBody("Identity") == nil)
    #expect(try ContentCoding.ofBody(" gzip ") == .gzip && ContentCoding.ofBody("deflate") == .deflate)
    for field in ["br", "zstd", "gzip, gzip", "identity, gzip"] {
      #expect(throws: HTTPProblem.self) { try ContentCoding.ofBody(field) }
    }
  }
}
