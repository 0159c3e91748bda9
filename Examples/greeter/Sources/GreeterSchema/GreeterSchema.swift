// Everything here is made of greeter.proto; SwiftPM wants a target to have a Swift file all the same.
