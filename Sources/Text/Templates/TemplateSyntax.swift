/// An expression of a template.
indirect enum TemplateExpression {
  enum Arithmetic { case add, subtract, multiply, divide, floorDivide, remainder, power }
  enum Comparison { case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual, contained, notContained }

  struct Arguments {
    var positional: [TemplateExpression] = []
    var named: [(name: String, value: TemplateExpression)] = []
    var spread: TemplateExpression?
    var namedSpread: TemplateExpression?
  }

  case literal(PythonValue)
  case name(String)
  case list([TemplateExpression])
  case tuple([TemplateExpression])
  case dictionary([(key: TemplateExpression, value: TemplateExpression)])
  case attribute(TemplateExpression, String)
  case item(TemplateExpression, TemplateExpression)
  case slice(TemplateExpression, from: TemplateExpression?, to: TemplateExpression?, step: TemplateExpression?)
  case call(TemplateExpression, Arguments)
  case filter(TemplateExpression, String, Arguments)
  case test(TemplateExpression, String, Arguments, negated: Bool)
  case negative(TemplateExpression)
  case positive(TemplateExpression)
  case not(TemplateExpression)
  /// Operators of one rank from left to right: a + b − c.
  case chain(TemplateExpression, [(operation: Arithmetic, value: TemplateExpression)])
  case comparison(TemplateExpression, [(relation: Comparison, value: TemplateExpression)])
  case all([TemplateExpression])
  case any([TemplateExpression])
  case concatenation([TemplateExpression])
  case conditional(TemplateExpression, then: TemplateExpression, otherwise: TemplateExpression?)
}

/// What a value is assigned to.
indirect enum TemplateTarget {
  case name(String)
  case member(of: String, String)
  case tuple([TemplateTarget])
}

/// A piece of a template.
struct TemplateNode {
  var line: Int
  var content: Content

  struct Loop {
    var target: TemplateTarget
    var values: TemplateExpression
    var condition: TemplateExpression?
    var body: [TemplateNode]
    var otherwise: [TemplateNode]
    var isRecursive: Bool
  }

  /// A macro, or the body of a call block.
  struct Macro {
    var name: String
    var parameters: [String]
    /// Defaults of the last parameters.
    var defaults: [TemplateExpression]
    var body: [TemplateNode]
    /// Whether the body mentions `varargs` or `kwargs`, and so takes what the parameters do not.
    var takesMore: Bool
    var takesMoreNamed: Bool
  }

  indirect enum Content {
    case text(String)
    case output(TemplateExpression)
    case choice([(condition: TemplateExpression, body: [TemplateNode])], otherwise: [TemplateNode])
    case loop(Loop)
    case set(TemplateTarget, TemplateExpression)
    case capture(TemplateTarget, filters: [(name: String, arguments: TemplateExpression.Arguments)], body: [TemplateNode])
    case macro(Macro)
    case call(TemplateExpression, Macro)
    case filter([(name: String, arguments: TemplateExpression.Arguments)], body: [TemplateNode])
    case with([(target: TemplateTarget, value: TemplateExpression)], body: [TemplateNode])
    case generation([TemplateNode])
    case leave
    case proceed
  }
}
