"""Addresses of the ground floor's pages."""

from django.urls import path

from ajo.core.web import views

urlpatterns = [
    path("login/", views.login, name="login"),
    path("logout/", views.logout, name="logout"),
    path("password/", views.password_change, name="password-change"),
    path("password/changed/", views.password_changed, name="password-changed"),
    path("sandbox/", views.switch_sandbox, name="switch-sandbox"),
]
