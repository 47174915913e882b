/// A small typeface for labels on contact sheets: printable ASCII, five pixels wide, seven high, one pixel apart.
enum BitmapFont {
  static let width = 5
  static let height = 7
  /// From one character to the next.
  static let advance = 6

  /// Rows from top to bottom, two hexadecimal digits each, the highest of five bits at the left; characters from space to tilde.
  private static let glyphs: [[UInt8]] = [
    "00000000000000", "04040404000004", "0a0a0000000000", "0a0a1f0a1f0a0a", "040f140e051e04", "18190204081303", "0c12140815120d",
    "04040800000000", "02040808080402", "08040202020408", "00150e1f0e1500", "0004041f040400", "00000000040408", "0000001f000000",
    "00000000000c0c", "00010204081000",
    // 0 to 9
    "0e11131519110e", "040c040404040e", "0e11010204081f", "1f02040201110e", "02060a121f0202", "1f101e0101110e", "0608101e11110e",
    "1f010204080808", "0e11110e11110e", "0e11110f01020c",
    // : ; < = > ? @
    "000c0c000c0c00", "000c0c000c0408", "02040810080402", "00001f001f0000", "08040201020408", "0e110102040004", "0e11010d15150e",
    // A to Z
    "0e1111111f1111", "1e11111e11111e", "0e11101010110e", "1c12111111121c", "1f10101e10101f", "1f10101e101010", "0e11101711110f",
    "1111111f111111", "0e04040404040e", "0702020202120c", "11121418141211", "1010101010101f", "111b1515111111", "11111915131111",
    "0e11111111110e", "1e11111e101010", "0e11111115120d", "1e11111e141211", "0f10100e01011e", "1f040404040404", "1111111111110e",
    "11111111110a04", "1111111515150a", "11110a040a1111", "1111110a040404", "1f01020408101f",
    // [ \ ] ^ _ `
    "0e08080808080e", "00100804020100", "0e02020202020e", "040a1100000000", "0000000000001f", "08040200000000",
    // a to z
    "00000e010f110f", "1010161911111e", "00000e1010110e", "01010d1311110f", "00000e111f100e", "0609081c080808", "000f11110f010e",
    "10101619111111", "04000c0404040e", "0200060202120c", "10101214181412", "0c04040404040e", "00001a15151111", "00001619111111",
    "00000e1111110e", "00001e111e1010", "00000d130f0101", "00001619101010", "00000e100e011e", "08081c08080906", "0000111111130d",
    "00001111110a04", "0000111115150a", "0000110a040a11", "000011110f010e", "00001f0204081f",
    // { | } ~
    "02040408040402", "04040404040404", "08040402040408", "00000815020000",
  ].map { rows in
    stride(from: 0, to: rows.count, by: 2).compactMap { UInt8(rows.dropFirst($0).prefix(2), radix: 16) }
  }

  /// A hollow box, for characters that the typeface lacks.
  private static let unknown: [UInt8] = [0x1F, 0x11, 0x11, 0x11, 0x11, 0x11, 0x1F]

  /// The seven rows of a character.
  static func rows(_ character: Character) -> [UInt8] {
    guard let code = character.asciiValue, code >= 0x20, code < 0x7F else { return unknown }
    return glyphs[Int(code) - 0x20]
  }

  /// How many characters fit into a width in pixels.
  static func capacity(_ pixels: Int) -> Int { max(0, (pixels + 1) / advance) }
}
