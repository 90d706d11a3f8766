"""Operations that pyinfra does not bring, each decided by a comparison with the real host."""
