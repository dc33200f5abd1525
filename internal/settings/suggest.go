package settings

import (
	"slices"
	"strings"
)

// guess returns the setting that a wrong name probably stands for.
func (t Table) guess(name string) (Setting, bool) {
	name = plain(name)
	var names []string
	for _, s := range t.Settings {
		if slices.Contains(s.KnownAs, name) {
			return s, true
		}
		names = append(names, s.Name)
	}
	i := slices.Index(names, closest(name, names))
	if i < 0 {
		return Setting{}, false
	}
	return t.Settings[i], true
}

// closest returns the candidate that is the fewest typing mistakes away from
// word, or "" when all of them are too far to be meant.
func closest(word string, candidates []string) string {
	best, least := "", max(1, len(word)/3)+1
	for _, candidate := range candidates {
		if len(word)-len(candidate) >= least {
			continue // so many letters are too many; and to compare them would take long
		}
		if d := distance(plain(word), plain(candidate)); d < least {
			best, least = candidate, d
		}
	}
	return best
}

// plain is a name without the differences between flags, variables and keys.
func plain(name string) string {
	return strings.ReplaceAll(strings.ToLower(name), "_", "-")
}

// distance counts the letters to insert, delete, change or swap with their
// neighbour that turn a into b (optimal string alignment).
func distance(a, b string) int {
	before, previous := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := 1; i <= len(a); i++ {
		current := make([]int, len(b)+1)
		current[0] = i
		for j := 1; j <= len(b); j++ {
			change := previous[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			current[j] = min(change, previous[j]+1, current[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				current[j] = min(current[j], before[j-2]+1)
			}
		}
		before, previous = previous, current
	}
	return previous[len(b)]
}

// didYouMean ends an error about an unknown name; an empty guess adds nothing.
func didYouMean(guess, article string) string {
	if guess == "" {
		return ""
	}
	return ": did you mean " + article + guess + "?"
}

// Suggest ends an error about a name that is none of candidates: ": did you mean bind?",
// or nothing if none is near.
func Suggest(word string, candidates []string) string {
	return didYouMean(closest(word, candidates), "")
}
