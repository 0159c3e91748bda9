extension Optional where Wrapped: Message {
  /// The message, or an empty one where the field is not set; writing to it sets the field.
  ///
  /// `activity.statistics.orNew.distanceMeters = 5` does not ask whether there are statistics yet.
  @inlinable public var orNew: Wrapped {
    get { self ?? Wrapped() }
    _modify {
      // Taken out, so that what is changed in place has one owner.
      var message = take() ?? Wrapped()
      defer { self = message }
      yield &message
    }
  }
}
