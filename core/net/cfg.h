/* cfg.h: the text of a darknet cfg, read strictly and written again as it was */
#pragma once

#include "base/error.h"

G_BEGIN_DECLS

typedef struct _EspCfg EspCfg;

EspCfg     *esp_cfg_load             (const char    *path,
                                      GError       **error);
EspCfg     *esp_cfg_parse            (const char    *text,
                                      gsize          n,
                                      const char    *name,    /* for messages */
                                      GError       **error);
EspCfg     *esp_cfg_copy             (const EspCfg  *cfg);
void        esp_cfg_free             (EspCfg        *cfg);
const char *esp_cfg_get_name         (const EspCfg  *cfg);
guint       esp_cfg_get_n_sections   (const EspCfg  *cfg);    /* section 0 is [net]; layer i is section i + 1 */
const char *esp_cfg_get_kind         (const EspCfg  *cfg,     /* "convolutional", without brackets */
                                      guint          section);
guint       esp_cfg_get_line         (const EspCfg  *cfg,     /* 1-based line of the section, or of key in it if not NULL */
                                      guint          section,
                                      const char    *key);
const char *esp_cfg_get              (const EspCfg  *cfg,     /* NULL if absent */
                                      guint          section,
                                      const char    *key);
gboolean    esp_cfg_get_int          (const EspCfg  *cfg,
                                      guint          section,
                                      const char    *key,
                                      int            fallback,
                                      int            lowest,
                                      int            highest,
                                      int           *value,
                                      GError       **error);
gboolean    esp_cfg_get_double       (const EspCfg  *cfg,
                                      guint          section,
                                      const char    *key,
                                      double         fallback,
                                      double        *value,
                                      GError       **error);
gboolean    esp_cfg_get_doubles      (const EspCfg  *cfg,     /* comma separated; an absent key gives an empty array */
                                      guint          section,
                                      const char    *key,
                                      GArray       **values,  /* (out) (transfer full): of double */
                                      GError       **error);
void        esp_cfg_set              (EspCfg        *cfg,     /* keeps the line's place and comment; appends to the section if absent */
                                      guint          section,
                                      const char    *key,
                                      const char    *value);
gboolean    esp_cfg_refuse           (const EspCfg  *cfg,     /* sets "name:line: key=value: …"; FALSE */
                                      guint          section,
                                      const char    *key,     /* (nullable): the section's own line */
                                      EspError       code,
                                      GError       **error,
                                      const char    *format,
                                      ...) G_GNUC_PRINTF (6, 7);
char       *esp_cfg_to_text          (const EspCfg  *cfg,
                                      gsize         *n);      /* (out) (optional) */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspCfg, esp_cfg_free)

G_END_DECLS
