<?xml version="1.0" encoding="utf-8"?>
<!-- Keeps the documentation of members that the public API's lists name: "Namespace.Type", "Namespace.Type.Property.get -> int", "static Namespace.Type.Method(…) -> …". -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:param name="api" />
  <xsl:output method="xml" indent="yes" />
  <xsl:strip-space elements="doc members" />

  <xsl:template match="@*|node()">
    <xsl:copy>
      <xsl:apply-templates select="@*|node()" />
    </xsl:copy>
  </xsl:template>

  <xsl:template match="member">
    <!-- "M:Namespace.Type.Method(arguments)": without the kind and the arguments. -->
    <xsl:variable name="name" select="substring-before(concat(substring-after(@name, ':'), '('), '(')" />
    <xsl:variable name="lines" select="concat('&#10;', translate($api, '&#13; ', '&#10;&#10;'))" />
    <xsl:if test="contains($lines, concat('&#10;', $name, '&#10;')) or contains($lines, concat('&#10;', $name, '.get')) or contains($lines, concat('&#10;', $name, '.set'))
                  or contains($lines, concat('&#10;', $name, '('))">
      <xsl:copy-of select="." />
    </xsl:if>
  </xsl:template>
</xsl:stylesheet>
