"""Operations: one family a package, one op a module."""
