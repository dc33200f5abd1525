//go:build !windows

package main

import (
	"encoding/json"
	"fmt"
	"os"

	"highball/internal/settings"
)

// djangoVariable is how `manage.py highball`, which becomes this process, hands over what
// Django's settings say. It is no HIGHBALL_ variable, since no operator sets it.
const djangoVariable = "DJANGO_HIGHBALL"

// djangoHandover is its value, in JSON.
type djangoHandover struct {
	// PID is the process that it is meant for: others inherit it.
	PID int `json:"pid"`

	// Name is what mistakes call the settings: "shop.settings: HIGHBALL".
	Name string `json:"name"`

	Settings json.RawMessage `json:"settings"`
}

// djangoSettings are those that manage.py has handed over; nil if it was not manage.py
// that started this process.
func djangoSettings(environ []string) (*settings.Object, error) {
	env := getenv(environ)
	value := env(djangoVariable)
	if value == "" {
		return nil, nil
	}
	var from djangoHandover
	if err := json.Unmarshal([]byte(value), &from); err != nil {
		return nil, fmt.Errorf("%s: %w: it is for manage.py highball alone to set", djangoVariable, err)
	}
	if from.PID != os.Getpid() && env(handoverVariable) == "" {
		return nil, nil // a program that the application starts
	}
	content, err := settings.ParseObject(from.Settings)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: it is for manage.py highball alone to set", djangoVariable, err)
	}
	return &settings.Object{Name: from.Name, Content: content}, nil
}
