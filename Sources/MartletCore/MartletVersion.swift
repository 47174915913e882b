/// The version of this package.
public enum MartletVersion {
  public static let current = "0.1.0"
}
