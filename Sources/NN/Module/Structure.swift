import Synchronization

/// What a module holds, found by reflection: parameters, buffers and modules with their paths.
///
/// Reflecting a hundred parameters takes some 300 µs, so every module keeps what it found. A kept structure is used as long as no module,
/// parameter or buffer was made anywhere since, and nobody called `structureChanged()`: a replaced head is a new module, so it is seen
/// without anybody saying so.
struct Structure {
  enum Member {
    case parameter(Parameter)
    case buffer(Buffer)
  }

  /// Everything with its full name in PyTorch's order: a module's own parameters, its own buffers, then its children. What is shared
  /// appears under each of its names.
  var members: [(name: String, member: Member)] = []
  /// Every module below the root once, parents before children. The root itself is not among them: it keeps this structure, and a cycle
  /// of references would keep both for ever.
  var below: [(path: String, module: Module)] = []
  /// The first name of every parameter.
  var parameters: [(name: String, parameter: Parameter)] = []
  /// The first name of every buffer.
  var buffers: [(name: String, buffer: Buffer)] = []

  private(set) var generation = 0
  private static let currentGeneration = Atomic<Int>(0)

  /// Makes every kept structure of the process out of date.
  static func advance() { currentGeneration.add(1, ordering: .relaxed) }

  var isCurrent: Bool { generation == Self.currentGeneration.load(ordering: .relaxed) }

  init(of root: Module) {
    generation = Self.currentGeneration.load(ordering: .relaxed)
    var walk = Walk()
    walk.visit(root, path: "")
    members = walk.members
    below = Array(walk.modules.dropFirst())
    var seen = Set<ObjectIdentifier>()
    for (name, member) in members {
      switch member {
      case .parameter(let parameter):
        if seen.insert(ObjectIdentifier(parameter)).inserted { parameters.append((name, parameter)) }
      case .buffer(let buffer):
        if seen.insert(ObjectIdentifier(buffer)).inserted { buffers.append((name, buffer)) }
      }
    }
  }
}

extension Module {
  /// The parameters that this module itself holds, not those below.
  final var ownParameters: [Parameter] {
    var own = Own()
    for (name, value) in stateMembers() { own.add(value, name: name) }
    return own.parameters.map(\.1)
  }
}

/// One pass over a tree of modules.
private struct Walk {
  var members: [(name: String, member: Structure.Member)] = []
  var modules: [(path: String, module: Module)] = []
  private var known = Set<ObjectIdentifier>()
  /// The modules above the current one: a child that points back at its parent must not be walked for ever.
  private var above = Set<ObjectIdentifier>()

  mutating func visit(_ module: Module, path: String) {
    let identity = ObjectIdentifier(module)
    guard above.insert(identity).inserted else { return }
    defer { above.remove(identity) }
    if known.insert(identity).inserted { modules.append((path, module)) }

    var own = Own()
    for (name, value) in module.stateMembers() { own.add(value, name: name) }
    members += own.parameters.map { (StateName.join(path, $0.0), .parameter($0.1)) }
    members += own.buffers.map { (StateName.join(path, $0.0), .buffer($0.1)) }
    let norms = own.parametrizations.map { ("parametrizations." + $0.0, $0.1) }
    for (name, child) in own.children + norms where !module.isAdopted(by: child) {
      if !known.contains(ObjectIdentifier(child)) { child.adopt(by: module, as: name) }
      visit(child, path: StateName.join(path, name))
    }
  }
}

/// The direct members of one module, taken out of optionals, arrays, dictionaries and tuples.
private struct Own {
  var parameters: [(String, Parameter)] = []
  var buffers: [(String, Buffer)] = []
  var children: [(String, Module)] = []
  /// What makes a parameter of others, by the parameter's name.
  var parametrizations: [(String, Module)] = []

  mutating func add(_ value: Any, name: String) {
    // Most stored properties are settings, parameters or layers. Comparing types is quick where casts and mirrors are slow.
    let type = type(of: value)
    if type == Int.self || type == Double.self || type == Bool.self || type == [Int].self { return }
    if type is AnyClass || type == Parameter?.self || type == Buffer?.self || type == LinearAdapter?.self {
      if let module = value as? Module { return children.append((name, module)) }
      if let parameter = value as? Parameter {
        if let parametrization = parameter.parametrization { return parametrizations.append((name, parametrization)) }
        return parameters.append((name, parameter))
      }
      if let buffer = value as? Buffer { return buffers.append((name, buffer)) }
      return
    }
    let mirror = Mirror(reflecting: value)
    switch mirror.displayStyle {
    case .optional:
      for child in mirror.children { add(child.value, name: name) }
    case .collection:
      addElements(of: mirror, name: name)
    case .dictionary:
      addEntries(of: mirror, name: name)
    case .tuple:
      for (index, child) in mirror.children.enumerated() {
        let label = child.label.flatMap { $0.hasPrefix(".") ? nil : StateName.of(property: $0) } ?? "\(index)"
        add(child.value, name: StateName.join(name, label))
      }
    default:
      break
    }
  }

  private mutating func addElements(of mirror: Mirror, name: String) {
    for (index, child) in mirror.children.enumerated() {
      // An array of numbers is known by its first element; a million of them are not looked at.
      if index == 0, !Self.canHoldMembers(child.value) { return }
      add(child.value, name: StateName.join(name, "\(index)"))
    }
  }

  private mutating func addEntries(of mirror: Mirror, name: String) {
    var entries: [(key: String, value: Any)] = []
    for child in mirror.children {
      guard let pair = Self.pair(child.value) else { return }
      if !Self.canHoldMembers(pair.value) { return }
      entries.append(("\(pair.key.base)", pair.value))
    }
    for entry in entries.sorted(by: { $0.key < $1.key }) { add(entry.value, name: StateName.join(name, entry.key)) }
  }

  private static func pair(_ entry: Any) -> (key: AnyHashable, value: Any)? {
    let parts = Array(Mirror(reflecting: entry).children)
    guard parts.count == 2, let key = parts[0].value as? AnyHashable else { return nil }
    return (key, parts[1].value)
  }

  private static func canHoldMembers(_ value: Any) -> Bool {
    if value is Module || value is Parameter || value is Buffer { return true }
    switch Mirror(reflecting: value).displayStyle {
    case .optional, .collection, .dictionary, .tuple: return true
    default: return false
    }
  }
}
