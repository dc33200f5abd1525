"""The site's paths."""

from django.contrib import admin
from django.urls import path
from guestbook import views

urlpatterns = [
    path("", views.index, name="index"),
    path("export.csv", views.export, name="export"),
    path("source", views.source, name="source"),
    path("admin/", admin.site.urls),
]
