//go:build race

package highball

// raceDetector: under it a sync.Pool drops at random what is put into it.
const raceDetector = true
