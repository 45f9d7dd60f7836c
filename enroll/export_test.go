package enroll

// HashSecret is what is stored of a challenge, for tests that stand in for the
// store.
var HashSecret = hashSecret
