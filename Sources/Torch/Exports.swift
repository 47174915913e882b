// Element types, host arrays and errors are part of what every user of tensors writes.
@_exported public import MartletCore
