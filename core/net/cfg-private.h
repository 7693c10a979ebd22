/* cfg-private.h: how a cfg is held, for its reader and its values */
#pragma once

#include "net/cfg.h"

G_BEGIN_DECLS

typedef struct
{
  char *text;  /* as read, line end included */
  char *key;   /* NULL unless key=value */
  char *value; /* blanks around it gone; a comment behind it still there, as darknet has it */
  gsize at;    /* where the value starts in text */
} EspCfgLine;

typedef struct
{
  char *kind;
  guint line; /* index of its first line */
} EspCfgSection;

struct _EspCfg
{
  char *name;
  char *folder; /* NULL: it was not read from a file, and names none */
  GPtrArray *lines; /* of EspCfgLine */
  GArray *sections; /* of EspCfgSection */
};

EspCfg *esp_cfg_new   (const char *name);
char   *esp_cfg_quote (const char *text); /* (transfer full): short and printable whatever the file holds */

static inline EspCfgSection *
esp_cfg_section (const EspCfg *cfg, guint section)
{
  return &g_array_index (cfg->sections, EspCfgSection, section);
}

static inline EspCfgLine *
esp_cfg_line (const EspCfg *cfg, guint line)
{
  return g_ptr_array_index (cfg->lines, line);
}

G_END_DECLS
