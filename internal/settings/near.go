package settings

// Closest returns the candidate that is the fewest typing mistakes away from word, or ""
// when all of them are too far to be meant.
func Closest(word string, candidates []string) string { return closest(word, candidates) }
