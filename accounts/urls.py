from django.urls import path

from accounts import views

urlpatterns = [
    path("signup", views.SignupView.as_view(), name="signup"),
    path("login", views.LoginView.as_view(), name="login"),
    path("refresh", views.RefreshView.as_view()),
    path("logout", views.LogoutView.as_view()),
    path("me", views.MeView.as_view(), name="me"),
    path("password", views.PasswordView.as_view()),
    path("password/reset", views.ResetView.as_view()),
    path("sessions", views.SessionsView.as_view(), name="sessions"),
    path("sessions/<pk>", views.SessionView.as_view()),
    path("keys", views.KeysView.as_view(), name="keys"),
    path("keys/<pk>", views.KeyView.as_view()),
]
