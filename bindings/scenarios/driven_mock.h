/* The mock PBX as README.md's commands drive it. */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

typedef struct driven_mock driven_mock_t;

/* Starts it with these options (NAME=VALUE); NULL, and stderr says why. */
driven_mock_t* driven_mock_new(int count, const char* const* options);
void driven_mock_free(driven_mock_t* mock);

int driven_mock_port(const driven_mock_t* mock);
/* A PEM file; "-" without TLS. */
const char* driven_mock_authority(const driven_mock_t* mock);
/* The answer to a command: good until the next one. */
const char* driven_mock_do(driven_mock_t* mock, const char* command);

#ifdef __cplusplus
}
#endif
