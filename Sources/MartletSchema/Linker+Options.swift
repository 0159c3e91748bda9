extension Linker {
  mutating func interpretOptions(of file: inout FileDescriptor) {}
  func message(named name: String) -> MessageDescriptor? { nil }
}
