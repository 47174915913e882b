import Testing

@testable import Images

/// Samples against Pillow 13.
@Suite struct ParityTests {
  @Test func fixturesAreThere() {
    #expect(Fixture.cases.count >= 130)
    #expect(Fixture.cases.allSatisfy { $0.offset + $0.width * $0.height * $0.channels * $0.bits / 8 <= Fixture.expected.count })
  }

  private func expect(_ image: Image, equals expected: Fixture.Case, _ location: SourceLocation = #_sourceLocation) {
    #expect(
      image.width == expected.width && image.height == expected.height && image.channels == expected.channels, sourceLocation: location)
    #expect(image.bitsPerSample == expected.bits, sourceLocation: location)
    let difference = zip(image.values, expected.samples).map { abs($0 - $1) }.max() ?? .max
    #expect(difference <= expected.tolerance, "largest difference", sourceLocation: location)
  }

  @Test(arguments: Fixture.cases("decode")) func decoding(_ expected: Fixture.Case) throws {
    let covering = expected.settings.covering.map { (width: $0[0], height: $0[1]) }
    expect(try Image.read(Fixture.path(expected.input), covering: covering), equals: expected)
  }

  @Test(arguments: Fixture.cases("convert")) func converting(_ expected: Fixture.Case) throws {
    let level = UInt8(expected.settings.background ?? 255)
    let mode = try #require(expected.settings.mode)
    let background = Colour(red: level, green: level, blue: level)
    expect(try Image.read(Fixture.path(expected.input), as: mode, background: background), equals: expected)
  }

  @Test(arguments: Fixture.cases("resize")) func resizing(_ expected: Fixture.Case) throws {
    let image = try Image.read(Fixture.path(expected.input))
    let resized = try image.resized(width: expected.width, height: expected.height, filter: try #require(expected.settings.filter))
    expect(resized, equals: expected)
  }

  @Test(arguments: Fixture.cases("rotate")) func rotating(_ expected: Fixture.Case) throws {
    let settings = expected.settings
    let rotated = try Image.read(Fixture.path(expected.input)).rotated(
      degrees: try #require(settings.degrees), fill: UInt8(settings.fill ?? 0), expand: settings.expand ?? false)
    expect(rotated, equals: expected)
  }

  @Test func movingAndMirroring() throws {
    for expected in Fixture.cases("flip") {
      let image = try Image.read(Fixture.path(expected.input))
      expect(expected.settings.direction == "horizontal" ? image.flippedHorizontally() : image.flippedVertically(), equals: expected)
    }
    for expected in Fixture.cases("crop") {
      let (x, y) = (try #require(expected.settings.x), try #require(expected.settings.y))
      let image = try Image.read(Fixture.path(expected.input))
      expect(try image.cropped(x: x, y: y, width: expected.width, height: expected.height), equals: expected)
    }
    for expected in Fixture.cases("pad") {
      let sides = try #require(expected.settings.sides)
      let image = try Image.read(Fixture.path(expected.input))
      expect(try image.padded(left: sides[0], top: sides[1], right: sides[2], bottom: sides[3], fill: 5), equals: expected)
    }
  }

  @Test(arguments: Fixture.cases("narrow")) func narrowing(_ expected: Fixture.Case) throws {
    expect(try Image.read(Fixture.path(expected.input)).with8Bits(), equals: expected)
  }
}
