/// Several models of a server that answer as one.
public struct EnsembleSpec: Sendable, Hashable {
  /// How the members' answers become one.
  public enum Rule: Sendable, Hashable {
    /// Every member has one vote for the class that it finds most probable; the probabilities are the shares of votes. As in
    /// scikit-learn's hard voting, the class that comes first wins a tie.
    case vote
    /// The mean of the members' outputs.
    case average
    /// The mean with a weight for each member, in their order.
    case weighted([Double])
    /// The first member answers, and only items whose highest probability is below `confidence` go on to the next; the last has the last
    /// word.
    case cascade(confidence: Double)
  }

  /// What happens when a member fails.
  public enum MemberFailure: String, Sendable, Hashable, CaseIterable {
    /// The ensemble fails, too.
    case fail
    /// The others answer without it; a cascade goes on to the next, and keeps what it has where there is no next.
    case skip
  }

  /// What requests call it by.
  public let name: String
  /// Any text without a slash.
  public let version: String
  /// `name` or `name@version` of models that the server has; a name alone follows the version that answers.
  public let members: [String]
  /// How the members' answers become one.
  public let rule: Rule
  /// What happens when a member fails.
  public let memberFailure: MemberFailure

  public init(name: String, version: String = "1", members: [String], rule: Rule, memberFailure: MemberFailure = .fail) {
    self.name = name
    self.version = version
    self.members = members
    self.rule = rule
    self.memberFailure = memberFailure
  }

  /// The weight of every member; they sum to one.
  var weights: [Double] {
    let raw =
      switch rule {
      case .weighted(let weights): weights
      default: [Double](repeating: 1, count: members.count)
      }
    let total = raw.reduce(0, +)
    return raw.map { $0 / total }
  }
}
