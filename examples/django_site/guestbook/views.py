"""The guest book's pages: a form, a streamed export, a file."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from django import forms
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render

from .models import Entry


class EntryForm(forms.ModelForm):
    class Meta:
        model = Entry
        fields = ("name", "text")


def index(request: HttpRequest) -> HttpResponse:
    form = EntryForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        return redirect("index")
    return render(
        request, "guestbook/index.html", {"form": form, "entries": Entry.objects.all()[:20]}
    )


class Line:
    """A file for csv.writer that gives back each line instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def export(request: HttpRequest) -> StreamingHttpResponse:
    """Row by row: the table may be larger than the memory."""

    def lines() -> Iterator[str]:
        writer = csv.writer(Line())
        yield writer.writerow(["name", "text"])
        for entry in Entry.objects.iterator():
            yield writer.writerow([entry.name, entry.text])

    return StreamingHttpResponse(lines(), content_type="text/csv")


def source(request: HttpRequest) -> FileResponse:
    """A file: Django passes it to wsgi.file_wrapper, Highball sends it by sendfile."""
    return FileResponse(Path(__file__).open("rb"), content_type="text/plain; charset=utf-8")
