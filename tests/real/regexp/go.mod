module ktel.dev/tests/real/regexp

go 1.26
