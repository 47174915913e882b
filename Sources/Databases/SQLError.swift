import MartletCore

/// What a database said no to, the same for SQLite and PostgreSQL.
package struct SQLError: MartletError {
  /// What sort of error it is.
  package enum Kind: String, Sendable, Hashable {
    /// Somebody else writes for longer than the timeout, or all connections are in use.
    case busy
    /// Two transactions got into each other's way; the one that failed may be run again.
    case conflict
    /// Opened for reading, or the rights do not allow more.
    case readOnly
    /// The disk is full.
    case full
    /// The file is damaged or is no database.
    case corrupt
    /// The server cannot be reached or went away.
    case connectionLost
    /// The server knows no such user, password or database.
    case refused
    /// There is such a row already.
    case uniqueViolation
    /// A row refers to one that is not there, or is referred to.
    case foreignKeyViolation
    /// Another rule of a table: NOT NULL, CHECK.
    case constraint
    /// The statement took longer than its limit.
    case timedOut
    /// No such database.
    case notFound
    /// The database belongs to something else.
    case foreign
    /// A newer Martlet made the tables.
    case newerSchema
    /// The tables must be brought up to date first.
    case olderSchema
    /// A value is of another kind than it was asked for, or cannot be stored.
    case type
    /// The statement is wrong.
    case statement
    case io
  }

  package let kind: Kind
  package let problem: String
  package let expected: String?
  package let remedy: String?
  /// SQLite's result code or PostgreSQL's SQLSTATE.
  package let code: String?

  package init(_ kind: Kind, _ problem: String, expected: String? = nil, remedy: String? = nil, code: String? = nil) {
    self.kind = kind
    self.problem = problem
    self.expected = expected
    self.remedy = remedy
    self.code = code
  }
}
