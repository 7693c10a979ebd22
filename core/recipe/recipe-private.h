/* recipe-private.h: what the files of the reader share */
#pragma once

#include "recipe/recipe.h"

G_BEGIN_DECLS

/* One “key = value” as it is written. */
typedef struct
{
  char *key, *value;
  char *about; /* (nullable): the comment lines right above it */
  guint line;
} EspEntry;

/* One “[kind]” with what stands below it; kind "" is the head of the file. */
typedef struct
{
  char *kind;
  guint line;
  GPtrArray *entries; /* of EspEntry */
} EspSection;

/* The text without meaning: of EspSection, the first the head. */
GPtrArray *esp_recipe_lines (const char *text,
                             gsize       n,
                             const char *name,
                             GError    **error);

/* Variables in the order in which they were set. */
typedef struct _EspVariables EspVariables;

EspVariables *esp_variables_new     (const char         *tier,
                                     const char *const  *sets); /* (nullable) */
void          esp_variables_free    (EspVariables       *variables);
gboolean      esp_variables_add     (EspVariables       *variables, /* the entries of one [set] */
                                     const EspSection   *section,
                                     const char         *name,      /* of the file */
                                     gboolean            over,      /* they stand over those of a base that is added later; lent until
                                                                     * then */
                                     GError            **error);
gboolean      esp_variables_finish  (EspVariables       *variables, /* whether all of --set were met */
                                     const char         *name,
                                     gboolean            open,
                                     GError            **error);
char         *esp_variables_put_in  (const EspVariables *variables, /* (transfer full): @text with its $names put in */
                                     const char         *text,
                                     const char         *name,
                                     guint               line,
                                     GError            **error);
guint         esp_variables_get_n   (const EspVariables *variables);
EspVariable   esp_variables_get     (const EspVariables *variables,
                                     guint               i);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspVariables, esp_variables_free)

G_END_DECLS
