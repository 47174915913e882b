import Foundation

enum Files {
  /// The size of a file in bytes, or `nil` if there is none.
  static func size(_ path: String) -> Int? {
    ((try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? NSNumber)?.intValue
  }
}
