# MainActivity.java once more, in the assembly language of Android's virtual machine, for machines without d8.
# The two must do the same: change both. The tests run both on a JVM and compare every call they make.
.class public final Lorg/norrix/hello/MainActivity;
.super Landroid/app/Activity;

.method public constructor <init>()V
    .locals 0
    invoke-direct {p0}, Landroid/app/Activity;-><init>()V
    return-void
.end method

# p0 this   p1 state   v0 update   v1 view   v2 settings   v3 scratch   v4 scratch
.method protected onCreate(Landroid/os/Bundle;)V
    .locals 5
    invoke-super {p0, p1}, Landroid/app/Activity;->onCreate(Landroid/os/Bundle;)V

    # update = new File(getFilesDir(), "app/index.html")
    new-instance v0, Ljava/io/File;
    invoke-virtual {p0}, Lorg/norrix/hello/MainActivity;->getFilesDir()Ljava/io/File;
    move-result-object v3
    const-string v4, "app/index.html"
    invoke-direct {v0, v3, v4}, Ljava/io/File;-><init>(Ljava/io/File;Ljava/lang/String;)V

    # view = new WebView(this), transparent
    new-instance v1, Landroid/webkit/WebView;
    invoke-direct {v1, p0}, Landroid/webkit/WebView;-><init>(Landroid/content/Context;)V
    const/4 v3, 0x0
    invoke-virtual {v1, v3}, Landroid/webkit/WebView;->setBackgroundColor(I)V

    # JavaScript on; file access only when there is an update to read
    invoke-virtual {v1}, Landroid/webkit/WebView;->getSettings()Landroid/webkit/WebSettings;
    move-result-object v2
    const/4 v3, 0x1
    invoke-virtual {v2, v3}, Landroid/webkit/WebSettings;->setJavaScriptEnabled(Z)V
    invoke-virtual {v0}, Ljava/io/File;->isFile()Z
    move-result v3
    invoke-virtual {v2, v3}, Landroid/webkit/WebSettings;->setAllowFileAccess(Z)V

    # view.loadUrl(startPage(update)), then show it
    invoke-static {v0}, Lorg/norrix/hello/MainActivity;->startPage(Ljava/io/File;)Ljava/lang/String;
    move-result-object v3
    invoke-virtual {v1, v3}, Landroid/webkit/WebView;->loadUrl(Ljava/lang/String;)V
    invoke-virtual {p0, v1}, Lorg/norrix/hello/MainActivity;->setContentView(Landroid/view/View;)V
    return-void
.end method

# p0 update   v0 whether it exists, then the address   v1 its path
.method private static startPage(Ljava/io/File;)Ljava/lang/String;
    .locals 2
    invoke-virtual {p0}, Ljava/io/File;->isFile()Z
    move-result v0
    if-nez v0, :updated
    const-string v0, "file:///android_asset/app/index.html"
    return-object v0

    :updated
    const-string v0, "file://"
    invoke-virtual {p0}, Ljava/io/File;->getPath()Ljava/lang/String;
    move-result-object v1
    invoke-virtual {v0, v1}, Ljava/lang/String;->concat(Ljava/lang/String;)Ljava/lang/String;
    move-result-object v0
    return-object v0
.end method
