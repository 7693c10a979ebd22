/* test-cfg.c: the strict reader of cfg texts, what it refuses, and that it writes what it read */
#include "config.h"

#include "net/cfg.h"

#include "base/error.h"
#include "net-common.h"

static const char odd[] = "# a comment\n; another\n\n  [ net ]  \r\n\twidth = 8 # across\r\nheight=8;down\nmax_batches =500\n\n[conv]\r\n"
                          "filters=4\r\nfilters=5\r\nanchors = 1, 2.5 ,3e0 # three\n  # in between\nunknown=kept  as is";

static EspCfg *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  EspCfg *cfg = esp_cfg_parse (text, strlen (text), "t.cfg", &error);

  g_assert_no_error (error);
  return cfg;
}

static void
test_read (void)
{
  g_autoptr (EspCfg) cfg = parse (odd);
  g_autoptr (GArray) numbers = NULL;
  g_autoptr (GError) error = NULL;
  int value;

  g_assert_cmpuint (esp_cfg_get_n_sections (cfg), ==, 2);
  g_assert_cmpstr (esp_cfg_get_kind (cfg, 0), ==, "net");
  g_assert_cmpstr (esp_cfg_get_kind (cfg, 1), ==, "conv");
  g_assert_cmpuint (esp_cfg_get_line (cfg, 0, NULL), ==, 4);
  g_assert_cmpuint (esp_cfg_get_line (cfg, 0, "height"), ==, 6);
  g_assert_cmpuint (esp_cfg_get_line (cfg, 1, "absent"), ==, 9);
  g_assert_true (esp_cfg_get_int (cfg, 0, "width", 0, 1, 10, &value, &error));
  g_assert_cmpint (value, ==, 8);
  g_assert_true (esp_cfg_get_int (cfg, 1, "filters", 0, 1, 10, &value, &error));
  g_assert_cmpint (value, ==, 4); /* the first of two, as darknet */
  g_assert_true (esp_cfg_get_int (cfg, 1, "absent", -3, 1, 10, &value, &error));
  g_assert_cmpint (value, ==, -3);
  g_assert_true (esp_cfg_get_doubles (cfg, 1, "anchors", &numbers, &error));
  g_assert_cmpuint (numbers->len, ==, 3);
  g_assert_cmpfloat (g_array_index (numbers, double, 1), ==, 2.5);
  g_assert_cmpstr (esp_cfg_get (cfg, 1, "unknown"), ==, "kept  as is");
  g_assert_null (esp_cfg_get (cfg, 0, "filters"));
}

static void
test_write (void)
{
  g_autoptr (EspCfg) cfg = parse (odd);
  gsize n;
  g_autofree char *text = esp_cfg_to_text (cfg, &n);

  g_assert_cmpmem (text, n, odd, sizeof odd - 1);
}

static void
test_set (void)
{
  g_autoptr (EspCfg) cfg = parse (odd);
  g_autoptr (EspCfg) copy = NULL;
  g_autofree char *text = NULL, *untouched = NULL;

  copy = esp_cfg_copy (cfg);
  esp_cfg_set (copy, 0, "width", "16");
  esp_cfg_set (copy, 0, "height", "4");
  esp_cfg_set (copy, 0, "channels", "3");
  esp_cfg_set (copy, 1, "filters", "12");
  esp_cfg_set (copy, 1, "groups", "2");
  g_assert_cmpstr (esp_cfg_get (copy, 1, "filters"), ==, "12");
  g_assert_cmpstr (esp_cfg_get (copy, 0, "channels"), ==, "3");
  g_assert_cmpuint (esp_cfg_get_line (copy, 1, NULL), ==, 10);
  text = esp_cfg_to_text (copy, NULL);
  g_assert_cmpstr (
      text, ==,
      "# a comment\n; another\n\n  [ net ]  \r\n\twidth = 16 # across\r\nheight=4;down\nmax_batches =500\nchannels=3\n\n[conv]\r\n"
      "filters=12\r\nfilters=5\r\nanchors = 1, 2.5 ,3e0 # three\n  # in between\nunknown=kept  as is\ngroups=2\n");
  untouched = esp_cfg_to_text (cfg, NULL);
  g_assert_cmpstr (untouched, ==, odd);
}

static void
refuse_bytes (const char *text, gsize n, EspError code, const char *message)
{
  g_autoptr (GError) error = NULL;
  EspCfg *cfg = esp_cfg_parse (text, n, "t.cfg", &error);

  g_assert_null (cfg);
  g_assert_error (error, ESP_ERROR, (int) code);
  if (strstr (error->message, message) == NULL)
    g_error ("“%s” does not say “%s”", error->message, message);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
}

static void
refuse (const char *text, const char *message)
{
  refuse_bytes (text, strlen (text), ESP_ERROR_FORMAT, message);
}

static void
test_refused_lines (void)
{
  refuse ("", "t.cfg: no section found");
  refuse ("# only\n", "t.cfg: no section found");
  refuse ("a=1\n[net]\n", "t.cfg:1: “a=1”: expected [net] before");
  refuse ("[convolutional]\n", "t.cfg:1: “[convolutional]”: expected [net] as the first");
  refuse ("[net]\njunk\n", "t.cfg:2: “junk”: expected a comment");
  refuse ("[net]\n[conv\n", "t.cfg:2: “[conv”");
  refuse ("[net]\n[conv] # x\n", "nothing behind it");
  refuse ("[net]\n[]\n", "t.cfg:2");
  refuse ("[net]\n[a]b]\n", "t.cfg:2");
  refuse ("[net]\n[a b]\n", "t.cfg:2");
  refuse ("[net]\n=1\n", "t.cfg:2: “=1”: expected a key");
  refuse ("[net]\na b=1\n", "a key without blanks");
  refuse ("[net]\na=\n", "t.cfg:2: “a=”: expected a value");
  refuse ("[net]\na=\001\n", "t.cfg:2");
  refuse ("[net]\nwidth=1\rheight=1\n", "control characters");
  refuse ("[net]\n\377\376\n", "t.cfg:2");
  refuse ("\357\273\277[net]\n", "t.cfg:1");
  refuse_bytes ("[net]\na\0b\n", 10, ESP_ERROR_FORMAT, "byte 7 is 0");
}

static void
test_limits (void)
{
  g_autoptr (GString) text = g_string_new ("[net]\n");

  for (int i = 0; i < 4096; i++)
    g_string_append (text, "[conv]\n");
  refuse_bytes (text->str, text->len, ESP_ERROR_LIMIT, "t.cfg:4097: at most 4096 sections");
  g_string_assign (text, "[net]\na=");
  for (int i = 0; i < 70000; i++)
    g_string_append_c (text, '1');
  refuse_bytes (text->str, text->len, ESP_ERROR_LIMIT, "t.cfg:2: a line of 70002 bytes");
  g_string_set_size (text, (1 << 20) + 1);
  refuse_bytes (text->str, text->len, ESP_ERROR_LIMIT, "t.cfg: 1048577 bytes");
}

static void
test_numbers (void)
{
  const char *const whole[] = { "abc", "1.5", "1 2", "0x10", "1,2", "1e3", "--1", "12a" };
  const char *const real[] = { "abc", "nan", "inf", "-inf", "1e999", "1 2", "1,5" };
  const char *const lists[] = { ",", "1,", "1,,2", "1;,2", "1 2", "nan,1", "1,x", "1,2 # a, b" };
  const char *const range[] = { "0", "11", "99999999999999999999", "-1" };

  for (guint i = 0; i < G_N_ELEMENTS (whole) + G_N_ELEMENTS (real) + G_N_ELEMENTS (lists) + G_N_ELEMENTS (range); i++)
    {
      const guint n = G_N_ELEMENTS (whole), m = n + G_N_ELEMENTS (real), k = m + G_N_ELEMENTS (lists);
      const char *value = i < n ? whole[i] : i < m ? real[i - n] : i < k ? lists[i - m] : range[i - k];
      g_autofree char *text = g_strdup_printf ("[net]\na=%s\n", value), *says = g_strdup_printf ("t.cfg:2: a=%s: expected", value);
      g_autoptr (EspCfg) cfg = parse (text);
      g_autoptr (GArray) numbers = NULL;
      g_autoptr (GError) error = NULL;
      double number;
      int integer;

      if (i < n || i >= k)
        g_assert_false (esp_cfg_get_int (cfg, 0, "a", 0, 1, 10, &integer, &error));
      else if (i < m)
        g_assert_false (esp_cfg_get_double (cfg, 0, "a", 0, &number, &error));
      else
        g_assert_false (esp_cfg_get_doubles (cfg, 0, "a", &numbers, &error));
      g_assert_true (g_error_matches (error, ESP_ERROR, i < k ? (int) ESP_ERROR_FORMAT : (int) ESP_ERROR_LIMIT));
      if (!g_str_has_prefix (error->message, says))
        g_error ("“%s” does not say “%s”", error->message, says);
      g_assert_null (numbers);
    }
}

/* Texts changed at random: refused, or read and written again byte for byte; never a crash, the same every time. */
static void
test_damage (void)
{
  static const char base[]
      = "[net]\nwidth=32\nheight=32\nchannels=3\n\n# first\n[convolutional]\nbatch_normalize=1\nfilters=8\nsize=3\nstride=2\npad=1\n"
        "activation=leaky\n[convolutional]\ngroups=8\nfilters=8\nsize=3\npad=1\nactivation=relu\n[shortcut]\nfrom=-2\n[maxpool]\n"
        "size=2\nstride=2\n[upsample]\nstride=2\n[route]\nlayers=-1,-3\n[dropout]\n[convolutional]\nfilters=12\nsize=1\n"
        "activation=linear\n[yolo]\nmask=0,1\nanchors=1,2, 3,4\nnum=2\nclasses=1\n";
  static const char signs[] = "[]=,#;-+.0123456789eE \t\r\n\"ncx\377\001";
  g_autoptr (GRand) rng = g_rand_new_with_seed (1);
  guint refused = 0, accepted = 0;

  for (int i = 0; i < 8000; i++)
    {
      g_autoptr (GString) text = g_string_new (base);
      g_autoptr (GError) error = NULL;
      g_autofree char *again = NULL;
      g_autoptr (EspNetwork) network = NULL;
      EspCfg *cfg;

      for (int j = g_rand_int_range (rng, 1, 4); j > 0; j--)
        {
          const gssize at = g_rand_int_range (rng, 0, (gint32) text->len);
          const char sign = signs[g_rand_int_range (rng, 0, sizeof signs - 1)];
          const gint32 act = g_rand_int_range (rng, 0, 4), run = g_rand_int_range (rng, 1, 30);

          if (act == 0)
            g_string_erase (text, at, MIN (run, (gssize) text->len - at));
          else if (act == 1)
            g_string_insert_c (text, at, sign);
          else if (act == 2)
            text->str[at] = sign;
          else
            g_string_truncate (text, g_rand_int_range (rng, 0, 8) == 0 ? (gsize) at : text->len);
          if (text->len == 0)
            break;
        }
      cfg = esp_cfg_parse (text->str, text->len, "t.cfg", &error);
      again = cfg != NULL ? esp_cfg_to_text (cfg, NULL) : NULL;
      g_assert_true (cfg == NULL || strcmp (again, text->str) == 0);
      network = cfg != NULL ? esp_network_new (cfg, &error) : NULL;
      g_assert_true ((network == NULL) == (error != NULL));
      *(network == NULL ? &refused : &accepted) += 1;
    }
  g_assert_cmpuint (refused, >, 2000);
  g_assert_cmpuint (accepted, >, 1000);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/net/cfg/read", test_read);
  g_test_add_func ("/net/cfg/write", test_write);
  g_test_add_func ("/net/cfg/set", test_set);
  g_test_add_func ("/net/cfg/refused-lines", test_refused_lines);
  g_test_add_func ("/net/cfg/limits", test_limits);
  g_test_add_func ("/net/cfg/numbers", test_numbers);
  g_test_add_func ("/net/cfg/damage", test_damage);
  return g_test_run ();
}
