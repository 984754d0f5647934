module example.org/libami/bindings/go

go 1.19
