/// How a Swift property is called in a module's state.
enum StateName {
  /// PyTorch's spelling of a Swift property name: `runningMean` is `running_mean`, `inProjWeight` is `in_proj_weight`, `weightIhL0` is
  /// `weight_ih_l0`, `conv1` stays `conv1`.
  static func of(property: String) -> String {
    // Most names are one word; looking at bytes is quicker than looking at characters.
    guard property.utf8.contains(where: { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }) else { return property }
    let letters = Array(property)
    var name = ""
    name.reserveCapacity(letters.count + 4)
    for (index, letter) in letters.enumerated() {
      guard letter.isUppercase else {
        name.append(letter)
        continue
      }
      let previous = index > 0 ? letters[index - 1] : "_"
      let startsWord = index + 1 < letters.count && letters[index + 1].isLowercase
      if previous != "_" && (!previous.isUppercase || startsWord) { name.append("_") }
      name.append(contentsOf: letter.lowercased())
    }
    return name
  }

  /// The property's own name behind the label that reflection gives: `lazy` storage and property wrappers carry prefixes.
  static func property(label: String) -> String {
    switch label.utf8.first {
    case UInt8(ascii: "_"): return String(label.dropFirst())
    case UInt8(ascii: "$"):
      let lazyPrefix = "$__lazy_storage_$_"
      return label.hasPrefix(lazyPrefix) ? String(label.dropFirst(lazyPrefix.count)) : label
    default: return label
    }
  }

  /// Joins a path and a name; an empty side adds nothing.
  static func join(_ path: String, _ name: String) -> String {
    if path.isEmpty { return name }
    return name.isEmpty ? path : path + "." + name
  }
}
