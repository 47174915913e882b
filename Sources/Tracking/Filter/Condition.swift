/// How a filter compares.
package enum Comparator: String, Sendable, Hashable {
  case equal = "="
  case notEqual = "!="
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
  case like = "LIKE"
  case caselessLike = "ILIKE"
  case among = "IN"
  case notAmong = "NOT IN"
  case isNull = "IS NULL"
  case isNotNull = "IS NOT NULL"

  static let numeric: Set<Comparator> = [.equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual]
}

/// What a filter or an order speaks of.
package struct FilterSubject: Sendable, Hashable {
  package enum Kind: String, Sendable, Hashable {
    case attribute, metric, parameter, tag, dataset
  }

  package let kind: Kind
  /// The attribute, or the metric's, parameter's or tag's name.
  package let key: String
}

/// One comparison of a filter; a filter is true where all of them are.
package struct Condition: Sendable, Hashable {
  package enum Value: Sendable, Hashable {
    case none
    case number(Double)
    case text(String)
    case texts([String])
  }

  package let subject: FilterSubject
  package let comparator: Comparator
  package let value: Value
}

/// How results are sorted.
package struct SortKey: Sendable, Hashable {
  package let subject: FilterSubject
  package let ascending: Bool
}

extension Condition {
  /// Whether a text meets the condition. A text that is missing meets none but `IS NULL`.
  package func holds(_ text: String?) -> Bool {
    switch (comparator, value) {
    case (.isNull, _): return text == nil
    case (.isNotNull, _): return text != nil
    default: break
    }
    guard let text else { return false }
    switch (comparator, value) {
    case (.equal, .text(let wanted)): return text == wanted
    case (.notEqual, .text(let wanted)): return text != wanted
    case (.like, .text(let pattern)): return LikePattern(pattern).matches(text)
    case (.caselessLike, .text(let pattern)): return LikePattern(pattern.lowercased()).matches(text.lowercased())
    case (.among, .texts(let all)): return all.contains(text)
    case (.notAmong, .texts(let all)): return !all.contains(text)
    default: return false
    }
  }

  package func holds(_ number: Double?) -> Bool {
    guard let number, case .number(let wanted) = value else { return false }
    return switch comparator {
    case .equal: number == wanted
    case .notEqual: number != wanted
    case .less: number < wanted
    case .lessOrEqual: number <= wanted
    case .greater: number > wanted
    case .greaterOrEqual: number >= wanted
    default: false
    }
  }
}

/// SQL's patterns: `%` stands for anything, `_` for one character.
package struct LikePattern: Sendable {
  private let scalars: [Unicode.Scalar]

  package init(_ pattern: String) { scalars = Array(pattern.unicodeScalars) }

  /// Goes back to the last `%` only, so that the time is at most the product of both lengths.
  package func matches(_ text: String) -> Bool {
    let text = Array(text.unicodeScalars)
    var place = 0, position = 0
    var star: (place: Int, position: Int)?
    while position < text.count {
      if place < scalars.count, scalars[place] == "%" {
        star = (place, position)
        place += 1
      } else if place < scalars.count, scalars[place] == "_" || scalars[place] == text[position] {
        place += 1
        position += 1
      } else if let last = star {
        place = last.place + 1
        position = last.position + 1
        star = (last.place, position)
      } else {
        return false
      }
    }
    return scalars[place...].allSatisfy { $0 == "%" }
  }

}
