"""Coins: bright objects on unevenly lit ground."""
