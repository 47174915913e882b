import Foundation
import MartletCore
import Testing

@testable import Images

@Suite struct TransformCodableTests {
  private func decode(_ text: String) throws -> [ImageTransform] {
    try JSON.decode(Augmentation.self, from: Data(text.utf8), source: "martlet.yml").transforms
  }

  private func problem(_ text: String) -> String? {
    do {
      _ = try decode(text)
      return nil
    } catch { return "\(error)" }
  }

  @Test func shortForms() throws {
    let text = """
      [{"crop": {"padding": 4}}, {"flip": "horizontal"}, {"flip": "vertical"}, {"rotate": 10}, {"shift": 0.1}, {"resize": 32},
       {"resize": [20, 30]}, {"centerCrop": 24}]
      """
    #expect(
      try decode(text) == [
        .randomCrop(padding: 4), .flipHorizontal(), .flipVertical(), .rotate(degrees: 10), .shift(x: 0.1, y: 0.1),
        .resize(width: 32, height: 32), .resize(width: 30, height: 20), .centerCrop(width: 24, height: 24),
      ])
  }

  @Test func longForms() throws {
    let text = """
      [{"crop": {"size": 24, "fill": 3}}, {"crop": {"width": 24, "height": 32}}, {"flip": {"direction": "vertical", "probability": 0.1}},
       {"rotate": {"degrees": 15, "fill": 255}}, {"shift": {"x": 0.2}}, {"resize": {"width": 8, "height": 9, "filter": "area"}}]
      """
    #expect(
      try decode(text) == [
        .randomCrop(width: 24, height: 24, fill: 3), .randomCrop(width: 24, height: 32), .flipVertical(probability: 0.1),
        .rotate(degrees: 15, fill: 255), .shift(x: 0.2, y: 0), .resize(width: 8, height: 9, filter: .area),
      ])
  }

  @Test func roundTrip() throws {
    let all = Augmentation([
      .randomCrop(padding: 4), .randomCrop(width: 3, height: 4, padding: 1, fill: 9), .centerCrop(width: 5, height: 6),
      .flipHorizontal(probability: 0.2), .flipVertical(), .rotate(degrees: 12.5, fill: 1), .shift(x: 0.1, y: 0.3, fill: 2),
      .resize(width: 7, height: 8, filter: .nearest),
    ])
    #expect(try JSON.decode(Augmentation.self, from: JSON.encode(all), source: "x") == all)
  }

  @Test(arguments: [
    (
      #"[{"flop": "horizontal"}]"#, "unknown transform 'flop'; expected crop, centerCrop, flip, rotate, shift, resize, resizedCrop,"
    ),
    (#"[{"flip": "sideways"}]"#, "flip: 'sideways' is no direction; expected horizontal or vertical"),
    (#"[{"flip": {"directon": "vertical"}}]"#, "unknown setting 'directon'; expected direction, probability; did you mean 'direction'?"),
    (#"[{"flip": {"direction": "vertical", "probability": 1.5}}]"#, "flip: a probability of 1.5; expected 0 to 1"),
    (#"[{"rotate": -3}]"#, "rotate: -3.0 degrees; expected 0 to 180"),
    (#"[{"rotate": 10, "shift": 0.1}]"#, "one transform for each entry, found rotate, shift"),
    (#"["flip"]"#, "a transform is a mapping with one key"),
    (#"[{}]"#, "found none"),
    (#"[{"crop": {"width": 4}}]"#, "crop: expected size, or both width and height"),
    (#"[{"crop": {"padding": -4}}]"#, "crop: a padding of -4; expected 0 pixels or more"),
    (#"[{"resize": "large"}]"#, "resize: expected a number of pixels, or [height, width]"),
    (#"[{"resize": [1, 2, 3]}]"#, "resize: expected a number of pixels, or [height, width]"),
    (#"[{"resize": 0}]"#, "resize: a side of 0"),
    (#"[{"shift": 3}]"#, "shift: 3.0 of the picture; expected a part from 0 to 1"),
    (#"[{"rotate": "much"}]"#, "rotate"),
  ]) func mistakesAreExplained(_ text: String, _ expected: String) {
    #expect(problem(text)?.contains(expected) == true, "\(problem(text) ?? "no error")")
  }
}
