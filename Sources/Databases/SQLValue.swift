package import Foundation

/// A value as both databases keep it.
package enum SQLValue: Sendable, Hashable {
  case null
  case int(Int64)
  case real(Double)
  case text(String)
  case blob(Data)
}

/// What may stand for a `?`. NaN becomes NULL, because SQLite has none.
package protocol SQLBindable {
  var sqlValue: SQLValue { get }
}

extension SQLValue: SQLBindable {
  package var sqlValue: SQLValue { self }
}
extension Int: SQLBindable {
  package var sqlValue: SQLValue { .int(Int64(self)) }
}
extension Int64: SQLBindable {
  package var sqlValue: SQLValue { .int(self) }
}
extension Bool: SQLBindable {
  package var sqlValue: SQLValue { .int(self ? 1 : 0) }
}
extension Double: SQLBindable {
  package var sqlValue: SQLValue { isNaN ? .null : .real(self) }
}
extension String: SQLBindable {
  package var sqlValue: SQLValue { .text(self) }
}
extension Data: SQLBindable {
  package var sqlValue: SQLValue { .blob(self) }
}
/// Seconds since 1970.
extension Date: SQLBindable {
  package var sqlValue: SQLValue { .real(timeIntervalSince1970) }
}
extension Optional: SQLBindable where Wrapped: SQLBindable {
  package var sqlValue: SQLValue { self?.sqlValue ?? .null }
}

/// What a column can be read as.
package protocol SQLReadable {
  /// `nil` where the value is of another kind.
  init?(sql value: SQLValue)
}

extension SQLValue: SQLReadable {
  package init?(sql value: SQLValue) { self = value }
}
extension Int64: SQLReadable {
  package init?(sql value: SQLValue) {
    switch value {
    case .int(let number): self = number
    case .real(let number): self.init(exactly: number)
    default: return nil
    }
  }
}
extension Int: SQLReadable {
  package init?(sql value: SQLValue) {
    guard let number = Int64(sql: value) else { return nil }
    self.init(exactly: number)
  }
}
extension Bool: SQLReadable {
  package init?(sql value: SQLValue) {
    guard let number = Int64(sql: value) else { return nil }
    self = number != 0
  }
}
extension Double: SQLReadable {
  package init?(sql value: SQLValue) {
    switch value {
    case .int(let number): self = Double(number)
    case .real(let number): self = number
    default: return nil
    }
  }
}
extension String: SQLReadable {
  package init?(sql value: SQLValue) {
    guard case .text(let text) = value else { return nil }
    self = text
  }
}
extension Data: SQLReadable {
  package init?(sql value: SQLValue) {
    switch value {
    case .blob(let data): self = data
    case .text(let text): self = Data(text.utf8)
    default: return nil
    }
  }
}
extension Date: SQLReadable {
  package init?(sql value: SQLValue) {
    guard let seconds = Double(sql: value) else { return nil }
    self.init(timeIntervalSince1970: seconds)
  }
}
extension Optional: SQLReadable where Wrapped: SQLReadable {
  package init?(sql value: SQLValue) {
    if case .null = value {
      self = Wrapped?.none
    } else if let read = Wrapped(sql: value) {
      self = Wrapped?.some(read)
    } else {
      return nil
    }
  }
}
