//go:build !windows

package main

import "highball/internal/settings"

// staticSettings say which files are served without the application.
func staticSettings() []settings.Setting {
	const group = "Static files"
	return []settings.Setting{
		{
			Name: "static", Kind: settings.List, Group: group, Placeholder: "/URL=DIR",
			Usage:   "files to serve below a path, without the application",
			KnownAs: []string{"static-map", "static-files", "alias", "url-alias", "document-root", "static-path-mount"},
			Doc: `
Directories whose files are served below a path, by the server itself: ` + "`/static=/srv/shop/static`, `/favicon.ico=assets/favicon.ico`" + `. The path is the decoded one, with ` + "`script-name`" + `; the directory
counts from ` + "`chdir`" + ` and has to exist. One path may have several directories, which are looked into in their order; longer paths come first. What is not there is the
application's to answer. None by default. [OPERATIONS.md](OPERATIONS.md#static-files) says which files are served, and how.`,
		},
		{
			Name: "app-static", Kind: settings.Enum, Group: group, Choices: []string{"off", "deployed", "dev"},
			Automatic: "deployed, of Django alone",
			Usage:     "serve the static files that the framework's settings name",
			KnownAs:   []string{"django-static", "flask-static", "collectstatic", "whitenoise"},
			Doc: `
Which static files that the application's framework knows of are served as ` + "`static`" + ` is. ` + "`deployed`" + `: Django's ` + "`STATIC_ROOT` below `STATIC_URL`" + `, where ` + "`collectstatic`" + ` has put them, and
the ` + "`static_folder`" + ` of a Flask application and its blueprints. ` + "`dev`" + `: with Django what its finders find instead, each application's ` + "`static/`" + ` and ` + "`STATICFILES_DIRS`" + `, as runserver
does. ` + "`off`" + `: none. Without this setting it is Django's ` + "`STATIC_ROOT`" + ` alone, which nobody else would serve; Flask serves its own, behind what the
application does before each request, such as asking who it is. Uploads (` + "`MEDIA_ROOT`" + `) are never served so. After a reload it is the new code's.`,
		},
		{
			Name: "static-index", Kind: settings.String, Group: group, Placeholder: "NAME",
			Usage:   "the file that a directory is answered with",
			KnownAs: []string{"index", "directory-index", "static-indexes"},
			Doc: `
The name of a file that a directory among static files is answered with, ` + "`index.html`" + ` as a rule; without a slash at its end the path is redirected to the one with it. None by default: directories are the application's to
answer, and their contents are never listed.`,
		},
		{
			Name: "static-max-age", Kind: settings.Duration, Group: group,
			Default: "0",
			Usage:   "how long clients may keep static files without asking",
			KnownAs: []string{"static-expires", "expires", "whitenoise-max-age", "static-cache"},
			Doc: `
How long browsers and caches may use a static file without asking whether it has changed (` + "`Cache-Control: public, max-age`" + `), in whole seconds. By default nothing is said of it: they ask again after a tenth of the file's age, as a rule,
and get a 304. Files with a hash in their names by Django's ` + "`ManifestStaticFilesStorage`" + ` may be kept for a year in any case.`,
		},
	}
}
