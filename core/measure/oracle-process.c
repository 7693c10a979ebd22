/* oracle-process.c: the helper program: where it is, how it is run, and how long */
#define G_LOG_DOMAIN "esp-measure"
#include "config.h"

#include "measure/oracle-private.h"

#include <string.h>

#include "base/error.h"

#define PROGRAM    "espalier-oracle"
#define TICK_MS    20   /* between two looks at the job and the clock */
#define LOG_BYTES  4096 /* of its stderr that are looked at */
#define CANNOT_RUN 127  /* the exit status of the dynamic loader, which found no libdarknet */

/* A run in flight. */
typedef struct
{
  GSubprocess *process;
  EspJob *job;
  gint64 deadline; /* monotonic, microseconds */
  gboolean ended, late;
} Run;

static char *
beside_program (void)
{
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL), *folder = self != NULL ? g_path_get_dirname (self) : NULL;

  return folder != NULL ? g_build_filename (folder, PROGRAM, NULL) : NULL;
}

/**
 * esp_oracle_find:
 * @error: ESP_ERROR_ORACLE: there is none, and what would bring one
 *
 * ESPALIER_ORACLE where it is set, else beside the running program, else where it is installed.
 * Returns: (transfer full): the path of the helper program. Thread: any.
 */
char *
esp_oracle_find (GError **error)
{
  const char *said = g_getenv ("ESPALIER_ORACLE");
  g_autofree char *beside = beside_program ();
  const char *places[] = { said, said == NULL ? beside : NULL, said == NULL ? ESP_LIBEXECDIR G_DIR_SEPARATOR_S PROGRAM : NULL };

  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    if (places[i] != NULL && g_file_test (places[i], G_FILE_TEST_IS_EXECUTABLE) && !g_file_test (places[i], G_FILE_TEST_IS_DIR))
      return g_strdup (places[i]);
  if (said != NULL)
    g_set_error (error, ESP_ERROR, ESP_ERROR_ORACLE, "ESPALIER_ORACLE=%s: no such program", said);
  else
    g_set_error (error, ESP_ERROR, ESP_ERROR_ORACLE,
                 "the program " PROGRAM " is not there: it is built where libdarknet is installed (Debian's package darknet)");
  return NULL;
}

static gboolean
tick (gpointer data)
{
  Run *run = data;

  run->late = g_get_monotonic_time () >= run->deadline;
  if (run->late || esp_job_is_cancelled (run->job))
    g_subprocess_force_exit (run->process);
  return G_SOURCE_CONTINUE;
}

static void
on_end (GObject *object, GAsyncResult *result, gpointer data)
{
  Run *run = data;

  g_subprocess_wait_finish (run->process, result, NULL);
  run->ended = TRUE;
}

/* Waits in a main context of its own: the lane has none. */
static void
wait_for (Run *run)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GSource) ticks = g_timeout_source_new (TICK_MS);

  g_main_context_push_thread_default (context);
  g_source_set_callback (ticks, tick, run, NULL);
  g_source_attach (ticks, context);
  g_subprocess_wait_async (run->process, NULL, on_end, run);
  while (!run->ended)
    g_main_context_iteration (context, TRUE);
  g_source_destroy (ticks);
  g_main_context_pop_thread_default (context);
}

char *
esp_oracle_last_words (const char *log)
{
  FILE *file = fopen (log, "rb");
  g_autofree char *text = g_malloc0 (LOG_BYTES + 1), *valid = NULL;
  const char *line;

  if (file == NULL)
    return g_strdup ("");
  if (fseek (file, -LOG_BYTES, SEEK_END) != 0)
    rewind (file);
  text[fread (text, 1, LOG_BYTES, file)] = '\0';
  fclose (file);
  for (char *c = text; *c != '\0'; c++)
    if (g_ascii_iscntrl (*c) && *c != '\n')
      *c = ' ';
  g_strchomp (text);
  line = strrchr (text, '\n');
  valid = g_utf8_make_valid (line != NULL ? line + 1 : text, -1);
  return g_strdup (g_strstrip (valid));
}

/* Whether it was the program that ran, and not only the loader that looked for its libraries. */
static gboolean
was_started (const Run *run, const char *log, GError **error)
{
  g_autofree char *words = NULL;

  if (!g_subprocess_get_if_exited (run->process) || g_subprocess_get_exit_status (run->process) != CANNOT_RUN)
    return TRUE;
  words = esp_oracle_last_words (log);
  g_set_error (error, ESP_ERROR, ESP_ERROR_ORACLE, PROGRAM " could not be run: %s", *words != '\0' ? words : "no reason given");
  return FALSE;
}

/* Why a run that was started did not end by itself. */
static gboolean
judge (const Run *run, double seconds, EspOracleEnd *end, GError **error)
{
  if (!esp_job_check (run->job, error))
    return FALSE;
  if (run->late)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_ORACLE, "libdarknet did not answer within %g s and was stopped", seconds);
      return FALSE;
    }
  if (g_subprocess_get_if_signaled (run->process))
    end->signal = g_subprocess_get_term_sig (run->process);
  return TRUE;
}

gboolean
esp_oracle_run (const char *const *words, const char *log, double seconds, EspOracleEnd *end, EspJob *job, GError **error)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_SILENCE);
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GError) local = NULL;
  Run run = { .job = job, .deadline = g_get_monotonic_time () + (gint64) (seconds * G_USEC_PER_SEC) };

  *end = (EspOracleEnd){ 0 };
  if (!esp_job_check (job, error))
    return FALSE;
  g_subprocess_launcher_set_stderr_file_path (launcher, log);
  run.process = process = g_subprocess_launcher_spawnv (launcher, words, &local);
  if (process == NULL)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_ORACLE, "%s could not be run: %s", words[0], local->message);
      return FALSE;
    }
  wait_for (&run);
  end->started = was_started (&run, log, error);
  return end->started && judge (&run, seconds, end, error);
}
