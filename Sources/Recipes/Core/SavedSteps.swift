import Tables

/// The columns that a saved step is planned between, for its ``FittedStep/check(_:)``.
///
/// A saved recipe may have been changed by hand, or by somebody who means harm: whatever a step's `transform` takes for granted about its
/// own numbers is checked here once, when it is read, so that no file can make it reach outside of an array.
struct SavedPlace {
  let step: String
  let inputs: [RecipeColumn]
  let outputs: [RecipeColumn]

  var count: Int { inputs.count }

  /// - Throws: `RecipeError` that names the step, unless the condition holds.
  func expect(_ condition: @autoclosure () -> Bool, _ part: String) throws {
    guard condition() else {
      throw RecipeError(
        "the saved recipe does not fit together: \(part)", expected: "a recipe as it was saved", remedy: "train again, or restore the file",
        step: step)
    }
  }

  /// As many outputs, each a plain column.
  func plain(_ count: Int) throws { try widths([Int?](repeating: nil, count: count)) }

  /// Outputs with a block of so many features each, or `nil` for a plain column.
  func widths(_ widths: [Int?]) throws {
    try expect(
      outputs.count == widths.count && zip(outputs, widths).allSatisfy { $0.features?.count == $1 },
      "\(outputs.count) columns are made where \(widths.count) belong")
  }

  /// An entry an input in each of the lists.
  func perInput(_ counts: Int...) throws {
    try expect(counts.allSatisfy { $0 == count }, "\(count) columns, and numbers for \(counts.first { $0 != count } ?? 0)")
  }

  /// Places of inputs.
  func places(_ places: [Int]...) throws {
    try expect(places.allSatisfy { $0.allSatisfy { $0 >= 0 && $0 < count } }, "a place outside of \(count) columns")
  }
}

extension RecipeColumn {
  /// A column, or a block's features.
  var width: Int { features?.count ?? 1 }
}

extension FittedScale {
  func check(_ place: SavedPlace) throws {
    try place.perInput(centers.count, scales.count)
    try place.plain(place.count)
  }
}

extension FittedRange {
  func check(_ place: SavedPlace) throws {
    try place.perInput(factors.count, offsets.count)
    try place.expect(limits.map { $0.count == 2 } ?? true, "limits that are not two")
    try place.plain(place.count)
  }
}

extension FittedClip {
  func check(_ place: SavedPlace) throws {
    try place.perInput(lowers.count, uppers.count)
    try place.plain(place.count)
  }
}

extension FittedLog {
  func check(_ place: SavedPlace) throws { try place.plain(place.count) }
}

extension FittedQuantiles {
  func check(_ place: SavedPlace) throws {
    try place.perInput(edges.count)
    for own in edges where !(own.values.first?.isNaN ?? true) {
      // The search for a value between two edges relies on their order.
      try place.expect(
        own.count <= references.count && zip(own.values, own.values.dropFirst()).allSatisfy { $0 <= $1 }, "quantiles that do not ascend")
    }
    try place.plain(place.count)
  }
}

extension FittedPower {
  func check(_ place: SavedPlace) throws {
    try place.perInput(powers.count, centers.count, scales.count)
    try place.plain(place.count)
  }
}

extension FittedNorm {
  func check(_ place: SavedPlace) throws { try place.plain(place.count) }
}

extension FittedBins {
  func check(_ place: SavedPlace) throws {
    try place.perInput(edges.count)
    try place.plain(isOneHot ? edges.reduce(0) { $0 + $1.count + 1 } : place.count)
  }
}

extension FittedFill {
  func check(_ place: SavedPlace) throws {
    try place.perInput(fills.count, texts.count, dropped.count)
    try place.places(flags)
    let kept = zip(place.inputs, dropped).filter { !$1 }.map { $0.0.features?.count }
    try place.widths(kept + [Int?](repeating: nil, count: flags.count))
  }
}

extension FittedNeighbours {
  func check(_ place: SavedPlace) throws {
    try place.places(used, flags)
    try place.expect(!used.isEmpty && rows.count >= used.count && rows.count % used.count == 0, "rows that are not whole")
    try place.expect((1...1 << 32).contains(neighbours), "\(neighbours) neighbours")
    try place.plain(used.count + flags.count)
  }
}

extension FittedChain {
  func check(_ place: SavedPlace) throws {
    try place.places(used, flags)
    try place.expect(fills.count == used.count, "\(used.count) columns, and \(fills.count) fills")
    for step in steps {
      try place.expect(
        used.indices.contains(step.column) && step.coefficients.count == used.count - 1, "a regression of other columns")
    }
    try place.plain(used.count + flags.count)
  }
}

extension FittedAutoencoder {
  func check(_ place: SavedPlace) throws {
    try place.places(used, flags)
    try place.expect(means.count == used.count && deviations.count == used.count, "\(used.count) columns, and \(means.count) means")
    var width = used.count
    for layer in layers {
      let (product, overflows) = layer.bias.count.multipliedReportingOverflow(by: width)
      try place.expect(!overflows && layer.weight.count == product, "a layer of another shape")
      width = layer.bias.count
    }
    try place.expect(width == used.count, "a network that gives \(width) columns")
    try place.plain(used.count + flags.count)
  }
}

extension FittedFormula {
  func check(_ place: SavedPlace) throws {
    try place.places(code.compactMap { if case .column(let column) = $0 { column } else { nil } })
    try place.plain(1)
  }
}

extension FittedProducts {
  func check(_ place: SavedPlace) throws {
    try place.places(terms.flatMap { $0 })
    try place.plain(terms.count)
  }
}

extension CategoryValues {
  func check(_ place: SavedPlace) throws {
    try place.expect(
      values.allSatisfy { $0.count == index.categories.count } && missing.count == values.count && unknown.count == values.count,
      "\(index.categories.count) categories, and another number of values")
  }
}

extension FittedLookup {
  func check(_ place: SavedPlace) throws {
    try place.expect(place.count >= 1, "no column to look up by")
    try map.check(place)
    try place.plain(map.values.count)
  }
}

extension FittedCategoryValues {
  func check(_ place: SavedPlace) throws {
    try place.perInput(maps.count)
    for map in maps { try map.check(place) }
    try place.plain(maps.reduce(0) { $0 + $1.values.count })
  }
}

extension FittedOneHot {
  func check(_ place: SavedPlace) throws {
    try place.perInput(encodings.count)
    for encoding in encodings {
      let inside = encoding.places + [encoding.missing, encoding.rare].compactMap { $0 }
      try place.expect(
        encoding.width >= 0 && encoding.places.count == encoding.index.categories.count
          && inside.allSatisfy { $0 >= -1 && Int($0) < encoding.width },
        "categories of '\(encoding.column)' outside of its \(encoding.width) columns")
      // Sums of widths must not overflow.
      try place.expect(encoding.isSparse || encoding.width <= place.outputs.count, "'\(encoding.column)' has \(encoding.width) columns")
    }
    try place.widths(encodings.flatMap { $0.isSparse ? [$0.width] : [Int?](repeating: nil, count: $0.width) })
  }
}

extension FittedOrdinal {
  func check(_ place: SavedPlace) throws {
    try place.perInput(indexes.count, columns.count, isText.count)
    try place.expect(unknown.count == 1 && missing.count == 1, "no single value for unknown and missing categories")
    try place.plain(place.count)
  }
}

extension FittedHashCategories {
  func check(_ place: SavedPlace) throws {
    try place.perInput(columns.count, isText.count, isBoolean.count)
    try place.expect((1...1 << 24).contains(features), "\(features) features")
    try place.widths(isSparse ? [features] : [Int?](repeating: nil, count: features))
  }
}

extension FittedDates {
  func check(_ place: SavedPlace) throws {
    try place.perInput(starts.count, zones.count)
    try place.plain(place.count * width)
  }
}

extension FittedText {
  func check(_ place: SavedPlace) throws {
    try place.perInput(vocabularies.count)
    try place.widths(vocabularies.map(\.terms.count))
  }
}

extension FittedHashText {
  func check(_ place: SavedPlace) throws {
    try place.expect((1...1 << 24).contains(features), "\(features) features")
    try place.widths([Int?](repeating: features, count: place.count))
  }
}

extension FittedDrop {
  func check(_ place: SavedPlace) throws {}
}

extension FittedPick {
  func check(_ place: SavedPlace) throws {
    try place.perInput(kept.count)
    for (input, kept) in zip(place.inputs, kept) {
      try place.expect(kept.allSatisfy { $0 >= 0 && $0 < input.width }, "'\(input.name)' has \(input.width) features")
    }
    try place.widths(
      zip(place.inputs, kept).filter { !$1.isEmpty }.map { input, kept in input.features == nil ? nil : kept.count })
  }
}

extension FittedProjection {
  func check(_ place: SavedPlace) throws {
    try place.perInput(means.count, columns.count)
    try place.expect(
      vectors.allSatisfy { $0.count == place.count } && scales.count == vectors.count, "directions of \(place.count) columns")
    try place.plain(vectors.count)
  }
}

extension FittedReduction {
  func check(_ place: SavedPlace) throws {
    try place.perInput(columns.count)
    let width = place.inputs.reduce(0) { $0 + $1.width }
    try place.expect(vectors.allSatisfy { $0.count == width }, "directions of \(width) features")
    try place.plain(vectors.count)
  }
}
